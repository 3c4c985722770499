// SPDX-License-Identifier: AGPL-3.0-or-later
// The numbers of a frame as the server sends them (Explicit VR Little Endian, one part of a multipart answer), and painting them.
(function (CloudFilm) {
  'use strict';
  var LONGEST_HEAD = 4096;

  // The stored values of a grey frame; null when the answer is not what was asked for.
  function stored(buffer, picture) {
    var bytes = new Uint8Array(buffer), begin = -1, length = picture.rows * picture.columns * picture.allocated / 8;
    for (var i = 0; i < Math.min(bytes.length - 4, LONGEST_HEAD); i += 1) {
      if (bytes[i] === 13 && bytes[i + 1] === 10 && bytes[i + 2] === 13 && bytes[i + 3] === 10) { begin = i + 4; break; }
    }
    if (begin < 0 || picture.samples !== 1 || bytes.length < begin + length + 4) { return null; }
    // Between the frame and the closing boundary there may be one byte that makes the length even.
    var end = begin + length;
    if (!startsBoundary(bytes, end) && !startsBoundary(bytes, end + 1)) { return null; }
    var content = buffer.slice(begin, end);
    if (picture.allocated === 8) { return new Uint8Array(content); }
    return picture.allocated === 16 ? new Uint16Array(content) : null;
  }

  function startsBoundary(bytes, at) { return bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 45 && bytes[at + 3] === 45; }

  // Paint every `stride`th row and column of a frame into `canvas`, which takes the size that follows.
  function paint(canvas, values, picture, table, stride) {
    var columns = Math.ceil(picture.columns / stride), rows = Math.ceil(picture.rows / stride);
    if (canvas.width !== columns || canvas.height !== rows) { canvas.width = columns; canvas.height = rows; canvas.kept = null; }
    var context = canvas.getContext('2d');
    if (!canvas.kept) {
      canvas.kept = context.createImageData(columns, rows);
      canvas.colours = new Uint32Array(canvas.kept.data.buffer);
    }
    var out = canvas.colours, mask = table.length - 1, at = 0, from, column, row;
    if (stride === 1) {
      for (at = 0; at < values.length; at += 1) { out[at] = table[values[at] & mask]; }
    } else {
      for (row = 0; row < rows; row += 1) {
        from = row * stride * picture.columns;
        for (column = 0; column < columns; column += 1, from += stride) { out[at] = table[values[from] & mask]; at += 1; }
      }
    }
    context.putImageData(canvas.kept, 0, 0);
  }

  // A window from the pixels themselves: all but the darkest and the brightest hundredth. Padding at the lowest value does not count.
  function automatic(values, picture) {
    var size = Math.pow(2, picture.bits), half = size / 2, counts = new Uint32Array(size), step = Math.max(1, Math.floor(values.length / 250000));
    var total = 0, i;
    for (i = 0; i < values.length; i += step) { counts[values[i] & (size - 1)] += 1; total += 1; }
    var shift = picture.signed ? half : 0, lowest = 0;
    function count(rank) { return counts[(rank + shift) % size]; }
    while (lowest < size - 1 && !count(lowest)) { lowest += 1; }
    if (count(lowest) > total * 0.05) { total -= count(lowest); lowest += 1; }
    var rank = lowest, sum = 0, low = null, high = null;
    for (; rank < size; rank += 1) {
      sum += count(rank);
      if (low === null && sum >= total * 0.01) { low = rank; }
      if (sum >= total * 0.99) { high = rank; break; }
    }
    if (low === null || high === null || high <= low) { return CloudFilm.greyWindow.range(picture); }
    var one = (low - shift) * picture.slope + picture.intercept, other = (high - shift) * picture.slope + picture.intercept;
    return CloudFilm.greyWindow.make(Math.round((one + other) / 2), Math.round(Math.abs(other - one)));
  }

  CloudFilm.pixels = { stored: stored, paint: paint, automatic: automatic };
})(window.CloudFilm = window.CloudFilm || {});
