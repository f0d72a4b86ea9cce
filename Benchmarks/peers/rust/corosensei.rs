// Part of swift-greenlet. Apache License 2.0, see LICENSE.
//! corosensei's side of the comparison, written after the example of its README: `corosensei CASE COUNT [SIZE]`.

use corosensei::{stack::DefaultStack, Coroutine, CoroutineResult};
use std::{env, process, time::Instant};

/// Resumes a coroutine that suspends itself for ever; one operation is a switch, one way.
fn switch(count: u64) -> f64 {
    let mut coroutine: Coroutine<u64, u64, ()> = Coroutine::new(|yielder, mut input| loop {
        input = yielder.suspend(input + 1);
    });
    let mut value = 0;
    let mut go = |rounds: u64| {
        for _ in 0..rounds {
            match coroutine.resume(value) {
                CoroutineResult::Yield(next) => value = next,
                CoroutineResult::Return(()) => unreachable!("it never ends"),
            }
        }
    };
    go(count / 20);
    let start = Instant::now();
    go(count / 2);
    let seconds = start.elapsed().as_secs_f64();
    assert_eq!(value, count / 20 + count / 2);
    // What suspends for ever is dropped without an unwind: it owns nothing.
    unsafe { coroutine.force_reset() };
    seconds
}

/// Control goes around a ring. A coroutine suspends to whoever resumed it and can't switch to its neighbour, so that one
/// operation, from a member to the next, is two switches. Each has a mapping for its stack and one for its guard, of
/// which the kernel allows 65,530: enough for 32,000.
fn ring(count: u64, size: u64) -> f64 {
    let mut members: Vec<Coroutine<(), (), ()>> = (0..size)
        .map(|_| {
            let stack = DefaultStack::new(256 * 1024).expect("no memory for a stack");
            Coroutine::with_stack(stack, |yielder, ()| loop {
                yielder.suspend(());
            })
        })
        .collect();
    let mut go = |rounds: u64| {
        for _ in 0..rounds {
            for member in &mut members {
                member.resume(());
            }
        }
    };
    go((count / size / 10).max(1));
    let start = Instant::now();
    go(count / size);
    let seconds = start.elapsed().as_secs_f64();
    // As above: they own nothing.
    members.iter_mut().for_each(|member| unsafe { member.force_reset() });
    seconds
}

/// Coroutines that are created, run to their end, and dropped; they have one stack in turns, as the crate's manual advises.
fn lives(count: u64) -> f64 {
    let go = |rounds: u64, mut stack: DefaultStack| {
        for _ in 0..rounds {
            let mut coroutine: Coroutine<(), (), ()> = Coroutine::with_stack(stack, |_, ()| ());
            coroutine.resume(());
            stack = coroutine.into_stack();
        }
        stack
    };
    let stack = go(count / 20, DefaultStack::default());
    let start = Instant::now();
    go(count, stack);
    start.elapsed().as_secs_f64()
}

/// Elements of a coroutine, added up.
fn generator(count: u64) -> f64 {
    let add_up = |count: u64| {
        let mut numbers: Coroutine<(), u64, ()> = Coroutine::new(move |yielder, ()| {
            for number in 0..count {
                yielder.suspend(number);
            }
        });
        let mut sum = 0;
        while let CoroutineResult::Yield(number) = numbers.resume(()) {
            sum += number;
        }
        assert_eq!(sum, count * (count - 1) / 2);
    };
    add_up(count / 20);
    let start = Instant::now();
    add_up(count);
    start.elapsed().as_secs_f64()
}

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let name = arguments.get(1).map_or("", String::as_str);
    let count = arguments.get(2).and_then(|text| text.parse().ok()).filter(|&count: &u64| count >= 40).unwrap_or(0);
    let size = arguments.get(3).map_or(Some(1000), |text| text.parse().ok()).filter(|&size: &u64| size > 0).unwrap_or(0);
    let whole = if name == "ring" { size.max(1) } else { 2 }; // whole rounds, whole round trips
    let count = count / whole * whole;
    let seconds = match name {
        "switch" if count > 0 => switch(count),
        "ring" if count > 0 && size > 0 => ring(count, size),
        "raw_life" if count > 0 => lives(count),
        "generator" if count > 0 => generator(count),
        _ => {
            eprintln!("usage: corosensei switch|raw_life|generator COUNT, or corosensei ring COUNT [SIZE]");
            process::exit(64);
        }
    };
    println!("{{\"case\": \"{name}\", \"operations\": {count}, \"seconds\": {seconds}}}");
}
