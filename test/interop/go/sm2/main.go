// Sm2 cross-checks Warren's SM2 with github.com/emmansun/gmsm, both ways, on random keys and messages:
// signatures (plain SM2 with SM3 and the default user ID), the compressed key, the NodeID and the PeerID
// of key type 0x40.
//
//	sm2 --tool PATH [--cases N] [--seed S] [--timeout SECONDS]
//	sm2 --self-test [--cases N] ...       try out this program itself, as its own tool
//	sm2 --serve                           be that tool
//
// The tool answers each line of its stdin with one line on stdout, and ends with status 0 when stdin
// closes:
//
//	verify <pub33 hex> <message hex> <sig64 hex>    ->  ok | bad
//	sign <d, 32 bytes hex> <message hex>            ->  <pub33 hex> <sig64 hex> <DER hex> <NodeID> <PeerID>
//
// Messages are never empty. Keys and messages depend on the seed alone. Exit status: 0 when everything
// agreed, 1 when not, 2 on wrong usage.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

const shownMax = 10

func main() {
	tool := flag.String("tool", "", "path of the program to check")
	selfTest := flag.Bool("self-test", false, "take this program itself for the tool")
	serve := flag.Bool("serve", false, "answer questions like the tool, with gmsm")
	cases := flag.Int("cases", 1000, "number of random cases")
	seed := flag.Int64("seed", 1, "seed of the keys and messages")
	timeout := flag.Int("timeout", 120, "time limit, in seconds")
	flag.Parse()
	modes := 0
	for _, chosen := range []bool{*tool != "", *selfTest, *serve} {
		if chosen {
			modes++
		}
	}
	if modes != 1 || flag.NArg() > 0 || *cases <= 0 || *timeout <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := checkKnownNames(); err != nil {
		fail(err)
	}
	if *serve {
		if err := serveTool(os.Stdin, os.Stdout); err != nil {
			fail(err)
		}
		return
	}
	arguments := []string{}
	if *selfTest {
		self, err := os.Executable()
		if err != nil {
			fail(err)
		}
		*tool, arguments = self, []string{"--serve"}
	}
	questions, err := makeQuestions(*cases, *seed)
	if err != nil {
		fail(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(*timeout)*time.Second)
	defer cancel()
	start := time.Now()
	wrong, err := ask(ctx, questions, *tool, arguments...)
	if err != nil {
		fail(err)
	}
	fmt.Printf("sm2: %d cases, %d questions, %d wrong answers, seed %d, %.1f s\n",
		*cases, len(questions), wrong, *seed, time.Since(start).Seconds())
	if wrong > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintf(os.Stderr, "sm2: %v\n", err)
	os.Exit(1)
}

// ask runs the tool, writes all questions while reading the answers, and counts the wrong ones.
func ask(ctx context.Context, questions []question, tool string, arguments ...string) (wrong int, err error) {
	command := exec.CommandContext(ctx, tool, arguments...)
	command.Stderr = os.Stderr
	command.WaitDelay = time.Second
	stdin, err := command.StdinPipe()
	if err != nil {
		return 0, err
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := command.Start(); err != nil {
		return 0, err
	}
	go write(stdin, questions)
	answers := bufio.NewScanner(stdout)
	answered := 0
	for _, q := range questions {
		if !answers.Scan() {
			break
		}
		answered++
		if err := q.check(answers.Text()); err != nil {
			if wrong++; wrong <= shownMax {
				fmt.Printf("wrong: %s: %v\n  asked:    %s\n  answered: %s\n", q.name, err, q.line, answers.Text())
			}
		}
	}
	tooMany := answered == len(questions) && answers.Scan()
	_, _ = io.Copy(io.Discard, stdout)
	if err := command.Wait(); err != nil {
		return wrong, fmt.Errorf("the tool failed after %d of %d answers: %w", answered, len(questions), err)
	}
	if answered < len(questions) || tooMany {
		return wrong, fmt.Errorf("%d questions, but %d answers (more: %v)", len(questions), answered, tooMany)
	}
	return wrong, nil
}

func write(stdin io.WriteCloser, questions []question) {
	defer stdin.Close()
	buffered := bufio.NewWriter(stdin)
	for _, q := range questions {
		// A tool that died shows as missing answers.
		_, _ = fmt.Fprintln(buffered, q.line)
	}
	_ = buffered.Flush()
}
