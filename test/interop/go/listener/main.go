// Package listener is what the peers with one command, listen, have in common: the command line, and lines on stdin that
// are answered by events, JSON lines on stdout. test/interop/README.md has both.
package listener

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

const (
	exitFailed = 1
	exitUsage  = 2

	lineMax = 1 << 20
)

// Event is one line on stdout.
type Event = map[string]any

// Node is what obeys.
type Node interface {
	Ready() (Event, error)
	// Command does what one line says, and returns the event that answers it.
	Command(ctx context.Context, words []string) (Event, error)
	Close()
}

// Program is one peer.
type Program struct {
	Name  string
	Usage string
	// Flags are those of this program beside --addr, --seconds and --timeout.
	Flags func(flags *flag.FlagSet)
	// Check finds what is wrong with their values; nothing to check when it is nil.
	Check func() error
	Start func(ctx context.Context, addr string) (Node, error)
}

type limits struct {
	addr    string
	seconds int
	timeout int
}

// Main runs the program and does not return.
func Main(p Program) {
	l, err := p.parse(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n%s", p.Name, err, p.Usage)
		os.Exit(exitUsage)
	}
	limit := time.Duration(l.seconds) * time.Second
	// Nothing may outlive its limit, not even a shutdown that hangs.
	time.AfterFunc(limit+5*time.Second, func() { os.Exit(exitFailed) })
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := p.run(ctx, l); err != nil {
		emit(Event{"event": "error", "command": "start", "error": err.Error()})
		os.Exit(exitFailed)
	}
}

func (p Program) parse(args []string) (l limits, err error) {
	if len(args) == 0 || args[0] != "listen" {
		return l, errors.New("the only command is listen")
	}
	flags := flag.NewFlagSet("listen", flag.ContinueOnError)
	flags.Usage = func() {}
	flags.StringVar(&l.addr, "addr", "/ip4/127.0.0.1/tcp/0", "listening address")
	flags.IntVar(&l.seconds, "seconds", 120, "time limit of the whole run")
	flags.IntVar(&l.timeout, "timeout", 30, "time limit of each step, in seconds")
	p.Flags(flags)
	if err := flags.Parse(args[1:]); err != nil {
		return l, err
	}
	if flags.NArg() > 0 || l.seconds <= 0 || l.timeout <= 0 {
		return l, errors.New("unexpected arguments")
	}
	if p.Check != nil {
		err = p.Check()
	}
	return l, err
}

func (p Program) run(ctx context.Context, l limits) error {
	n, err := p.Start(ctx, l.addr)
	if err != nil {
		return err
	}
	defer n.Close()
	ready, err := n.Ready()
	if err != nil {
		return err
	}
	emit(ready)
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(nil, lineMax)
	for scanner.Scan() {
		words := strings.Fields(scanner.Text())
		if len(words) == 0 {
			continue
		}
		if words[0] == "quit" {
			return nil
		}
		step, cancel := context.WithTimeout(ctx, time.Duration(l.timeout)*time.Second)
		event, err := n.Command(step, words)
		cancel()
		if err != nil {
			event = Event{"event": "error", "command": words[0], "error": err.Error()}
		}
		emit(event)
	}
	return nil
}

func emit(event Event) {
	// A reader that is gone shows as the end of stdin as well.
	_ = json.NewEncoder(os.Stdout).Encode(event)
}
