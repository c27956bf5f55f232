// Go_peer is a go-libp2p node for the benchmarks; flags and output are those of ../../README.md.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/libp2p/go-libp2p"
)

func main() {
	o, err := readOptions(os.Args[1:])
	if err != nil {
		fmt.Fprint(os.Stderr, "go_peer: ", err, "\n", usage)
		os.Exit(2)
	}
	if o.listen {
		err = listen(o)
	} else {
		err = dial(o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "go_peer:", err)
		os.Exit(1)
	}
}

func listen(o options) error {
	address, err := o.listenAddress()
	if err != nil {
		return err
	}
	h, err := newNode(o, libp2p.ListenAddrs(address))
	if err != nil {
		return err
	}
	serve(h)
	fmt.Printf("{\"address\":\"%s/p2p/%s\"}\n", h.Addrs()[0], h.ID())
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		debug.FreeOSMemory() // collects the garbage first
		fmt.Printf("{\"connections\":%d}\n", len(h.Network().Conns()))
	}
	return nil
}

func dial(o options) error {
	d, err := newDialer(o)
	if err != nil {
		return err
	}
	if !o.eachLine {
		return report(d, o.amount)
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		amount, err := strconv.ParseInt(lines.Text(), 10, 64)
		if err != nil {
			return err
		}
		if err := report(d, amount); err != nil {
			return err
		}
	}
	return nil
}

func report(d *dialer, amount int64) error {
	line, err := d.run(amount)
	if err == nil {
		fmt.Println(line)
	}
	return err
}
