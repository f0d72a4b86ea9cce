// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// Package net, a goroutine a connection, on one processor unless GOMAXPROCS says more; modelled on net.Listener's example.
//
// That example copies with io.Copy, which splices through a pipe between sockets: more system calls than a short message
// is worth. Package net itself sets TCP_NODELAY, and takes the backlog from net.core.somaxconn, which is 4096 by default.
package main

import (
	"flag"
	"fmt"
	"net"
	"os"
	"runtime"
)

const bufferSize = 16 * 1024

func echo(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, bufferSize)
	for {
		count, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err := connection.Write(buffer[:count]); err != nil {
			return
		}
	}
}

func main() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(1)
	}
	port := flag.Int("port", 0, "0 takes any that is free")
	flag.Parse()
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		fmt.Fprintln(os.Stderr, "go_echo:", err)
		os.Exit(1)
	}
	fmt.Printf("listening on %s\n", listener.Addr())
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, "go_echo:", err)
			os.Exit(1)
		}
		go echo(connection)
	}
}
