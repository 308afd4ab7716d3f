// SPDX-License-Identifier: MIT
// Writes that say which function and line makes them: of Go.
package main

import (
	"fmt"
	"runtime"
	"syscall"
)

type store struct{ count int }

//go:noinline
func alpha(depth int) int {
	if depth == 0 {
		syscall.Write(1, here("main.alpha"))
		return 1
	}
	below := alpha(depth - 1)
	syscall.Write(1, here("main.alpha"))
	return below + 1
}

//go:noinline
func (s *store) put() {
	s.count++
	syscall.Write(1, here("main.(*store).put"))
}

//go:noinline
func here(function string) []byte {
	_, _, line, _ := runtime.Caller(1)
	return []byte(fmt.Sprintf("%s truth.go:%d\n", function, line))
}

func main() {
	var s store
	alpha(6)
	done := make(chan bool)
	go func() {
		for i := 0; i < 20; i++ {
			s.put()
		}
		done <- true
	}()
	<-done
	syscall.Write(1, here("main.main"))
}
