// SPDX-License-Identifier: MIT
// Writes that say which function and line makes them: of Rust.
use std::fs::File;
use std::io::Write;
use std::os::fd::FromRawFd;

struct Store {
    out: File,
}

impl Store {
    #[inline(never)]
    fn put(&mut self, value: u32) -> u32 {
        self.out.write_all(format!("truth::Store::put truth.rs:{}\n", line!()).as_bytes()).unwrap();
        value + 1
    }
}

#[inline(never)]
fn apply<F: FnMut(u32) -> u32>(mut function: F) -> u32 {
    let mut sum = 0;
    for i in 0..10 {
        sum += function(i);
    }
    sum
}

fn main() {
    let mut store = Store { out: unsafe { File::from_raw_fd(1) } };
    let sum = apply(|i| store.put(i));
    store.out.write_all(format!("truth::main truth.rs:{}\n", line!()).as_bytes()).unwrap();
    std::process::exit((sum == 0) as i32);
}
