// SPDX-License-Identifier: Apache-2.0
// The venue's own decoder (the dbn crate) doing what bench_dbn does with a file of mbo records: each record decoded, its fields
// folded into one value. peer_dbn FILE.dbn[.zst]; prints the lines of bench/figure.h. Built with
// RUSTFLAGS="-C target-cpu=native" cargo build --release, outside the tree.
use dbn::decode::{DbnDecoder, DecodeRecord, DecodeRecordRef};
use dbn::{MboMsg, VersionUpgradePolicy};
use std::fs::File;

const ROUNDS: usize = 5;

fn fold(sum: u64, m: &MboMsg) -> u64 {
    let x = m.order_id ^ m.price as u64 ^ m.hd.ts_event ^ m.ts_recv;
    let y = u64::from(m.size) ^ u64::from(m.sequence) << 32 ^ u64::from(m.hd.instrument_id);
    let z = m.ts_in_delta as u32 as u64 ^ (m.action as u8 as u64) << 40 ^ (m.side as u8 as u64) << 48 ^ u64::from(m.flags.raw()) << 56;
    sum.rotate_left(1).wrapping_add(x ^ y ^ z)
}

fn cpu_ns() -> i64 {
    let mut t = Timespec { sec: 0, nsec: 0 };
    unsafe { clock_gettime(2, &mut t) }; // CLOCK_PROCESS_CPUTIME_ID
    t.sec * 1_000_000_000 + t.nsec
}

#[repr(C)]
struct Timespec {
    sec: i64,
    nsec: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, t: *mut Timespec) -> i32;
}

/// By record type: the shortest way to all fields.
fn typed<R: std::io::Read>(mut d: DbnDecoder<R>) -> (u64, u64) {
    let (mut sum, mut n) = (0, 0);
    while let Some(m) = d.decode_record::<MboMsg>().unwrap() {
        sum = fold(sum, m);
        n += 1;
    }
    (sum, n)
}

/// By reference, with a look at each record's type: what a reader of mixed files does.
fn refs<R: std::io::Read>(mut d: DbnDecoder<R>) -> (u64, u64) {
    let (mut sum, mut n) = (0, 0);
    while let Some(r) = d.decode_record_ref().unwrap() {
        if let Some(m) = r.get::<MboMsg>() {
            sum = fold(sum, m);
            n += 1;
        }
    }
    (sum, n)
}

/// Ways 0 and 1: through the crate's own buffered reader; 2 and 3: through the decoder's buffer alone.
fn run(path: &str, way: usize) -> (u64, u64) {
    let policy = VersionUpgradePolicy::AsIs;
    let by_type = way % 2 == 0;
    if path.ends_with(".zst") {
        let mut d = DbnDecoder::from_zstd_file(path).unwrap();
        d.set_upgrade_policy(policy).unwrap();
        return if by_type { typed(d) } else { refs(d) };
    }
    if way >= 2 {
        let d = DbnDecoder::with_upgrade_policy(File::open(path).unwrap(), policy).unwrap();
        return if by_type { typed(d) } else { refs(d) };
    }
    let mut d = DbnDecoder::from_file(path).unwrap();
    d.set_upgrade_policy(policy).unwrap();
    if by_type { typed(d) } else { refs(d) }
}

fn main() {
    let path = std::env::args().nth(1).expect("peer_dbn FILE");
    let mut best = [f64::MAX; 4];
    let mut sums = [(0, 0); 4];
    for _ in 0..ROUNDS {
        for way in 0..4 {
            let began = cpu_ns();
            sums[way] = run(&path, way);
            best[way] = best[way].min((cpu_ns() - began) as f64);
        }
    }
    assert!(sums.iter().all(|s| *s == sums[0]));
    let n = sums[0].1 as f64;
    println!("dbn crate: {} records; ns a record: by type {:.1}, by reference {:.1}; without a buffered reader {:.1}, {:.1}", n,
             best[0] / n, best[1] / n, best[2] / n, best[3] / n);
    println!("figure dbn/mbo {:.6} M/s", n * 1e3 / best.iter().fold(f64::MAX, |a, b| a.min(*b)));
    println!("check mbo {:016x}", sums[0].0);
}
