// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes FILE.gz and FILE.br beside every text and WebAssembly file of a folder, so that nginx never compresses while somebody waits.
//
//     node compress.mjs FOLDER
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const COMPRESSED = /\.(js|css|wasm|svg|html)$/;
// Large files that few readers load (segmentation tools): quality 9 takes a tenth of the time of 11 and gives some per cent more bytes.
const RARE_FROM = 1_500_000; // bytes
const ALWAYS_LOADED = /^app\.bundle\./;
const AT_ONCE = 4; // Node's thread pool

async function compress(path) {
  const content = await readFile(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: content.length > RARE_FROM && !ALWAYS_LOADED.test(basename(path)) ? 9 : 11,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  const [gz, br] = await Promise.all([promisify(gzip)(content, { level: 9 }), promisify(brotliCompress)(content, { params })]);
  await Promise.all([writeFile(`${path}.gz`, gz), writeFile(`${path}.br`, br)]);
}

const folder = process.argv[2];
const names = (await readdir(folder, { recursive: true })).filter((name) => COMPRESSED.test(name));
const sized = await Promise.all(names.map(async (name) => ({ path: join(folder, name), size: (await stat(join(folder, name))).size })));
sized.sort((a, b) => b.size - a.size); // the largest first: it decides how long all take
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let next = sized.shift(); next; next = sized.shift()) await compress(next.path);
  }),
);
