// Part of swift-greenlet. Apache License 2.0, see LICENSE.
// What Go's scheduler costs on one processor; written with the calls that "Effective Go" and package sync teach.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// yields returns the seconds from when the last task has begun to when the last is done.
func yields(count, tasks int) float64 {
	var all sync.WaitGroup
	var begun, done atomic.Int64
	var start, end time.Time
	for number := range tasks {
		turns := count / tasks
		if number < count%tasks {
			turns++
		}
		all.Go(func() {
			if begun.Add(1) == int64(tasks) {
				start = time.Now()
			}
			for begun.Load() < int64(tasks) {
				runtime.Gosched()
			}
			for range turns {
				runtime.Gosched()
			}
			if done.Add(1) == int64(tasks) {
				end = time.Now()
			}
			for done.Load() < int64(tasks) {
				runtime.Gosched()
			}
		})
	}
	all.Wait()
	return end.Sub(start).Seconds()
}

func spawnJoins(count, _ int) {
	var task sync.WaitGroup
	for range count {
		task.Go(func() {})
		task.Wait()
	}
}

func spawnAll(count, tasks int) {
	for range max(1, count/tasks) {
		var all sync.WaitGroup
		for range tasks {
			all.Go(func() {})
		}
		all.Wait()
	}
}

// queue returns what hands numbers out to tasks that all receive from one channel.
func queue(tasks int) func(int, int) {
	numbers := make(chan int, 1)
	for range tasks {
		go func() {
			for range numbers {
			}
		}()
	}
	return func(count, _ int) {
		for number := range count {
			numbers <- number
		}
	}
}

func channel(count, _ int) {
	numbers := make(chan int, 1)
	go func() {
		for number := range count {
			numbers <- number
		}
		close(numbers)
	}()
	expected := 0
	for number := range numbers {
		if number != expected {
			fail(fmt.Errorf("got %d instead of %d", number, expected))
		}
		expected++
	}
}

func sleepers(count int, nap time.Duration) (seconds float64, resident, pageTables int) {
	residentBefore, pageTablesBefore := memory()
	start := time.Now()
	var all sync.WaitGroup
	var begun atomic.Int64
	for range count {
		all.Go(func() {
			begun.Add(1)
			time.Sleep(nap)
		})
	}
	// On one processor whoever has begun sleeps by the time that this goroutine runs again.
	for begun.Load() < int64(count) {
		runtime.Gosched()
	}
	resident, pageTables = memory()
	if time.Since(start) > nap {
		fmt.Fprintln(os.Stderr, "sleepers: the first may have woken before the last slept; take a smaller COUNT")
	}
	all.Wait()
	return time.Since(start).Seconds(), (resident - residentBefore) / count, (pageTables - pageTablesBefore) / count
}

// memory returns VmRSS and VmPTE of this process in bytes.
func memory() (resident, pageTables int) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		fail(err)
	}
	bytesOf := func(word string) int {
		_, rest, _ := strings.Cut(string(status), word)
		kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
		if err != nil {
			fail(err)
		}
		return kilobytes * 1024
	}
	return bytesOf("VmRSS:"), bytesOf("VmPTE:")
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "go_micro:", err)
	os.Exit(1)
}

func usage() {
	fmt.Fprintf(os.Stderr, "usage: %s yield|spawn_join|spawn_all|channel|queue|sleepers|park_wake|event|choose|"+
		"timer|timers|timers_random|with_timeout|late|idle COUNT [TASKS|SECONDS]\n", os.Args[0])
	os.Exit(64)
}

func main() {
	runtime.GOMAXPROCS(1)
	if len(os.Args) != 3 && len(os.Args) != 4 {
		usage()
	}
	name := os.Args[1]
	count, err := strconv.Atoi(os.Args[2])
	if err != nil || count < 1 {
		usage()
	}
	more := map[string]int{"yield": 2, "spawn_all": 1000, "queue": 1000, "event": 1000, "sleepers": 1, "idle": 10}[name]
	if len(os.Args) == 4 {
		if more, err = strconv.Atoi(os.Args[3]); err != nil || more < 1 {
			usage()
		}
	}
	if name == "sleepers" {
		seconds, resident, pageTables := sleepers(count, time.Duration(more)*time.Second)
		fmt.Printf("{\"case\":%q,\"operations\":%d,\"seconds\":%.6f,\"nap\":%d,\"resident_bytes\":%d,\"page_table_bytes\":%d}\n",
			name, count, seconds, more, resident, pageTables)
		return
	}
	if name == "idle" {
		fmt.Printf("{\"case\":%q,\"operations\":1,\"seconds\":%d,\"wake_ups\":%d}\n", name, more, idle(time.Duration(more)*time.Second))
		return
	}
	if name == "late" {
		fmt.Printf("{\"case\":%q,\"operations\":%d,\"seconds\":%.6f}\n", name, count, lateness(count).Seconds())
		return
	}
	if name == "yield" {
		yields(count/10, more)
		fmt.Printf("{\"case\":%q,\"operations\":%d,\"seconds\":%.6f}\n", name, count, yields(count, more))
		return
	}
	body, known := map[string]func(int, int){
		"spawn_join": spawnJoins, "spawn_all": spawnAll, "channel": channel, "park_wake": parkWake,
		"choose": choose, "timer": timer, "timers": timers(1), "timers_random": timers(615_949), "with_timeout": withTimeout,
	}[name]
	if name == "queue" {
		body = queue(more)
	} else if name == "event" {
		body = event(more)
	} else if !known {
		usage()
	}
	body(count/10, more)
	start := time.Now()
	body(count, more)
	fmt.Printf("{\"case\":%q,\"operations\":%d,\"seconds\":%.6f}\n", name, count, time.Since(start).Seconds())
}
