// SPDX-License-Identifier: MIT
// count.js FILE...: reads Avro files with avsc, and prints one line of JSON: how many rows each table
// has, the recordings, and sums of some columns. Every row is decoded by the schema in its file.
'use strict';
const avro = require('avsc');
const snappy = require('snappyjs');

// Behind a block that is packed with snappy stands its CRC-32.
const codecs = {
  snappy: (block, done) => {
    try {
      done(null, Buffer.from(snappy.uncompress(block.subarray(0, block.length - 4))));
    } catch (error) {
      done(error);
    }
  },
};
const result = {tables: {}, recordings: [], duration: 0n, errors: 0, paths: []};
const recordings = new Set();
const paths = new Set();
// Longs are read whole, as BigInt.
const long = avro.types.LongType.__with({
  fromBuffer: (buffer) => buffer.readBigInt64LE(),
  toBuffer: (value) => { const b = Buffer.alloc(8); b.writeBigInt64LE(value); return b; },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value) => typeof value === 'bigint',
  compare: (a, b) => (a === b ? 0 : a < b ? -1 : 1),
});

// What a recording restates has no ordinal, and is not counted.
function take(table, row) {
  if (row.ordinal === null) return;
  result.tables[table] = (result.tables[table] || 0) + 1;
  recordings.add(row.recording);
  if (row.duration_ns !== undefined) result.duration += row.duration_ns;
  if (row.errno) result.errors += 1;
  if (row.path) paths.add(typeof row.path === 'string' ? row.path : row.path.string);
}

function read(file) {
  return new Promise((resolve, reject) => {
    let table;
    avro.createFileDecoder(file, {codecs, parseHook: (schema) => {
      const isLong = (of) => of === 'long' || (of && of.type === 'long');
      const type = avro.Type.forSchema(schema, {typeHook: (of) => (isLong(of) ? long : undefined)});
      table = type.name.split('.').pop();
      return type;
    }})
      .on('data', (row) => take(table, row))
      .on('error', reject)
      .on('end', resolve);
  });
}

(async () => {
  for (const file of process.argv.slice(2)) await read(file);
  result.recordings = [...recordings].sort();
  result.paths = [...paths].sort();
  result.duration = String(result.duration);
  console.log(JSON.stringify(result));
})().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
