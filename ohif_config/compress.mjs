// SPDX-License-Identifier: AGPL-3.0-or-later
// Writes FILE.gz and FILE.br beside every text and WebAssembly file of a folder, so that nginx never compresses while somebody waits.
//
//     node compress.mjs FOLDER
//
// app-config.js and zh.js are not compressed here: nginx may serve them from the checkout, where they can be edited.
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

const COMPRESSED = /\.(js|css|wasm|svg|html)$/;
const EDITABLE = /^(app-config|zh)\.js$/;
const LARGE = 4_000_000; // bytes; brotli 11 takes 2 s a megabyte, 9 a tenth of it for some per cent more
const AT_ONCE = 4; // Node's thread pool

async function compress(path) {
  const content = await readFile(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: path.endsWith('.wasm') && content.length > LARGE ? 9 : 11,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
  };
  const [gz, br] = await Promise.all([promisify(gzip)(content, { level: 9 }), promisify(brotliCompress)(content, { params })]);
  await Promise.all([writeFile(`${path}.gz`, gz), writeFile(`${path}.br`, br)]);
}

const folder = process.argv[2];
const names = (await readdir(folder, { recursive: true })).filter((name) => COMPRESSED.test(name) && !EDITABLE.test(name));
const sized = await Promise.all(names.map(async (name) => ({ path: join(folder, name), size: (await stat(join(folder, name))).size })));
sized.sort((a, b) => b.size - a.size); // the largest first: it decides how long all take
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let next = sized.shift(); next; next = sized.shift()) await compress(next.path);
  }),
);
