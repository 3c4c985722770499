// SPDX-License-Identifier: AGPL-3.0-or-later
// Takes out of each script of a folder what nothing in it refers to: OHIF's bundles come with every icon, language and function that was imported with another.
// Nothing else is changed; esbuild minifies afterwards.
//
//     node shake.mjs FOLDER
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { minify } from '@swc/core';

const UNREFERENCED = { defaults: false, unused: true, dead_code: true, side_effects: true, passes: 4 };

async function shake(path) {
  const { code } = await minify(await readFile(path, 'utf8'), { compress: UNREFERENCED, mangle: false, module: false, format: { comments: 'some' } });
  await writeFile(path, code);
}

const folder = process.argv[2];
const scripts = (await readdir(folder)).filter((name) => name.endsWith('.js'));
await Promise.all(scripts.map((name) => shake(join(folder, name))));
