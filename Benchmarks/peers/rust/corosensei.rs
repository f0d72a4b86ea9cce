// Part of swift-greenlet. Apache License 2.0, see LICENSE.
//! corosensei's side of the comparison, written after the example of its README: `corosensei CASE COUNT`.

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
    let count = count / 2 * 2; // whole round trips
    let seconds = match name {
        "switch" if count > 0 => switch(count),
        "raw_life" if count > 0 => lives(count),
        "generator" if count > 0 => generator(count),
        _ => {
            eprintln!("usage: corosensei switch|raw_life|generator COUNT");
            process::exit(64);
        }
    };
    println!("{{\"case\": \"{name}\", \"operations\": {count}, \"seconds\": {seconds}}}");
}
