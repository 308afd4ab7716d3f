// SPDX-License-Identifier: MIT
// A Go program, static: goroutines on small stacks that grow, pipes, a network of its own, signals,
// children, panics that are caught. When its scheduler makes which call is chance.
// engines: apart
// inline: 80
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"
)

func fail(what string, err error) {
	if err != nil {
		fmt.Println("FAIL:", what, err)
		os.Exit(9)
	}
}

func deep(n int, f *os.File) int {
	var room [200]byte
	if n == 0 {
		_, err := f.ReadAt(room[:], 0)
		fail("ReadAt", err)
		return int(room[1])
	}
	return deep(n-1, f) + int(room[n%200])
}

func goroutines() {
	f, err := os.Open("/proc/self/exe")
	fail("Open", err)
	defer f.Close()
	var all sync.WaitGroup
	sums := make([]int, 20)
	for i := range sums {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			for j := 0; j < 200; j++ {
				sums[i] += deep(j, f)
				if syscall.Getppid() <= 0 {
					fail("Getppid", io.EOF)
				}
			}
		}(i)
	}
	all.Wait()
	for _, sum := range sums {
		if sum != 200*'E' {
			fail("sum", io.EOF)
		}
	}
	fmt.Println("goroutines")
}

func network() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	fail("Listen", err)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				io.Copy(conn, conn)
				conn.Close()
			}()
		}
	}()
	for i := 0; i < 20; i++ {
		conn, err := net.Dial("tcp", listener.Addr().String())
		fail("Dial", err)
		_, err = conn.Write(bytes.Repeat([]byte{byte(i)}, 5000))
		fail("Write", err)
		conn.(*net.TCPConn).CloseWrite()
		back, err := io.ReadAll(conn)
		fail("ReadAll", err)
		if len(back) != 5000 || back[4999] != byte(i) {
			fail("echo", io.EOF)
		}
		conn.Close()
	}
	listener.Close()
	fmt.Println("network")
}

func signals() {
	arrived := make(chan os.Signal, 10)
	signal.Notify(arrived, syscall.SIGUSR1)
	for i := 0; i < 50; i++ {
		syscall.Kill(os.Getpid(), syscall.SIGUSR1)
		<-arrived
	}
	fmt.Println("signals")
}

func faults() {
	defer func() {
		fmt.Println("recovered:", recover() != nil)
	}()
	var nothing *int
	*nothing = 1
}

func children() {
	for i := 0; i < 5; i++ {
		out, err := exec.Command("sh", "-c", fmt.Sprintf("echo %d; exit %d", i, i)).Output()
		fmt.Print(string(out))
		if i > 0 && err.(*exec.ExitError).ExitCode() != i {
			fail("exit code", err)
		}
	}
}

func main() {
	runtime.GOMAXPROCS(4)
	ticker := time.NewTicker(time.Millisecond)
	go func() {
		for range ticker.C {
			runtime.GC()
		}
	}()
	goroutines()
	network()
	signals()
	faults()
	children()
}
