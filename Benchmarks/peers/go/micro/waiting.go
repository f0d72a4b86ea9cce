// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What one wait costs: a hand-over, a broadcast, a select, timers that never fire, and nothing to do.
package main

import (
	"context"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const late = time.Hour

func nothing() {}

// parkWake has two goroutines wake each other in turns.
func parkWake(count, _ int) {
	there, back := make(chan struct{}), make(chan struct{})
	go func() {
		for range count / 2 {
			<-there
			back <- struct{}{}
		}
	}()
	for range count / 2 {
		there <- struct{}{}
		<-back
	}
}

// event returns what wakes all of tasks goroutines by closing a channel, and waits until all have run.
func event(tasks int) func(int, int) {
	// By turns, as one that is closed lets everybody pass.
	gates := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	done := make(chan struct{}, 1)
	var left atomic.Int64
	for range tasks {
		go func() {
			for turn := 0; ; turn++ {
				<-gates[turn&1]
				if left.Add(-1) == 0 {
					done <- struct{}{}
				}
			}
		}()
	}
	turn := 0
	return func(count, _ int) {
		for range max(1, count/tasks) {
			left.Store(int64(tasks))
			gate := gates[turn&1]
			turn++
			gates[turn&1] = make(chan struct{})
			close(gate)
			<-done
		}
	}
}

func choose(count, _ int) {
	queues := [2]chan int{make(chan int, 1), make(chan int, 1)}
	var sender sync.WaitGroup
	sender.Go(func() {
		for number := range count {
			queues[number&1] <- number
		}
	})
	for range count {
		select {
		case <-queues[0]:
		case <-queues[1]:
		}
	}
	sender.Wait()
}

func timer(count, _ int) {
	for range count {
		time.AfterFunc(late, nothing).Stop()
	}
}

func timers(step int) func(int, int) {
	return func(count, _ int) {
		all := make([]*time.Timer, count)
		for number := range all {
			all[number] = time.AfterFunc(late, nothing)
		}
		number, stride := 0, step%max(count, 1)
		for range count {
			all[number].Stop()
			number += stride
			if number >= count {
				number -= count
			}
		}
	}
}

func withTimeout(count, _ int) {
	for range count {
		_, cancel := context.WithTimeout(context.Background(), late)
		cancel()
	}
}

// lateness returns by how much sleeps of a millisecond are too long, all together.
func lateness(count int) (sum time.Duration) {
	const nap = time.Millisecond
	for range count {
		start := time.Now()
		time.Sleep(nap)
		sum += time.Since(start) - nap
	}
	return sum
}

// idle returns how often threads of this process were put to sleep, but for the once that it takes.
func idle(nap time.Duration) int64 {
	go func() { <-make(chan struct{}) }()
	before := switches()
	time.Sleep(nap)
	return switches() - before - 1
}

func switches() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err)
	}
	return usage.Nvcsw
}
