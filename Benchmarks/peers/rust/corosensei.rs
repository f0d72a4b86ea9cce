// Part of swift-greenlet. Apache License 2.0, see LICENSE.
//! corosensei's side of the comparison, written after the example of its README: `corosensei switch COUNT`.

use corosensei::{Coroutine, CoroutineResult};
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

fn main() {
    let arguments: Vec<String> = env::args().collect();
    let count = arguments.get(2).and_then(|text| text.parse().ok()).filter(|&count: &u64| count >= 20);
    match (arguments.get(1).map(String::as_str), count) {
        (Some("switch"), Some(count)) => {
            let operations = count / 2 * 2;
            let seconds = switch(count);
            println!("{{\"case\": \"switch\", \"operations\": {operations}, \"seconds\": {seconds}}}");
        }
        _ => {
            eprintln!("usage: corosensei switch COUNT");
            process::exit(64);
        }
    }
}
