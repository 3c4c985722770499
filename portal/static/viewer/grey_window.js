// SPDX-License-Identifier: AGPL-3.0-or-later
// Windows: which grey levels are spread over black to white (PS3.3 C.11.2.1.2), and the ones that have names.
(function (CloudFilm) {
  'use strict';
  var CT = {
    brain: [40, 80], subdural: [75, 215], bone: [500, 2000], lung: [-600, 1500], mediastinum: [40, 400],
    abdomen: [50, 350], liver: [60, 160], soft: [40, 400]
  };
  var OF_HEAD = ['brain', 'subdural', 'bone', 'soft', 'lung', 'mediastinum', 'abdomen'];
  var OF_CHEST = ['lung', 'mediastinum', 'bone', 'soft', 'abdomen', 'liver', 'brain'];
  var OF_BELLY = ['abdomen', 'liver', 'soft', 'bone', 'lung', 'mediastinum', 'brain'];

  function make(centre, width) { return { centre: centre, width: Math.max(1, width) }; }

  function range(picture) {
    var lowest = picture.signed ? -Math.pow(2, picture.bits - 1) : 0;
    var one = lowest * picture.slope + picture.intercept;
    var other = (lowest + Math.pow(2, picture.bits) - 1) * picture.slope + picture.intercept;
    return make((one + other) / 2, Math.abs(other - one));
  }

  // What a picture is shown with first; the server chooses the same (portal/exam_pictures.py).
  function first(picture, modality) {
    if (picture.windows.length) { return make(picture.windows[0][0], picture.windows[0][1]); }
    return modality === 'CT' ? make(40, 400) : range(picture);
  }

  // Whether nothing states how this picture is to be shown: its own pixels must say it.
  function isGuess(picture, modality) { return !picture.windows.length && modality !== 'CT'; }

  // [{name, window, automatic}]: by name those that the interface has words for.
  function presets(series, picture) {
    if (picture.isColour) { return []; }
    var found = picture.windows.map(function (pair, i) { return { name: i ? 'stated' : 'default', number: i + 1, window: make(pair[0], pair[1]) }; });
    if (series.modality === 'CT') {
      order(series).forEach(function (name) { found.push({ name: name, window: make(CT[name][0], CT[name][1]) }); });
      return found;
    }
    found.push({ name: 'automatic', automatic: true });
    found.push({ name: 'whole', window: range(picture) });
    return found;
  }

  function order(series) {
    var said = (series.bodyPart + ' ' + series.description).toUpperCase();
    if (/HEAD|BRAIN|SKULL|头|颅|脑/.test(said)) { return OF_HEAD; }
    if (/ABDOMEN|LIVER|PELVIS|腹|肝|盆/.test(said)) { return OF_BELLY; }
    return OF_CHEST;
  }

  function same(one, other) { return Boolean(one && other) && one.centre === other.centre && one.width === other.width; }

  // Fingers move by CSS pixels: to the right wider, downwards darker, in steps that suit the width.
  function dragged(window, right, down) {
    var step = Math.max(0.5, window.width / 250);
    return make(Math.round((window.centre + down * step) * 10) / 10, Math.round(Math.max(1, window.width + right * step) * 10) / 10);
  }

  // A colour (ABGR) for every value that can be stored: rescale, window, photometric interpretation, inversion.
  function table(picture, window, inverted) {
    var size = Math.pow(2, picture.bits), half = size / 2, colours = new Uint32Array(size);
    var low = window.centre - 0.5 - (window.width - 1) / 2, span = window.width - 1;
    var turned = (picture.photometric === 'MONOCHROME1') !== Boolean(inverted);
    for (var stored = 0; stored < size; stored += 1) {
      var value = (picture.signed && stored >= half ? stored - size : stored) * picture.slope + picture.intercept;
      var grey = span > 0 ? (value - low) / span * 255 : (value <= low ? 0 : 255);
      grey = grey <= 0 ? 0 : grey >= 255 ? 255 : Math.round(grey);
      if (turned) { grey = 255 - grey; }
      colours[stored] = (255 << 24 | grey << 16 | grey << 8 | grey) >>> 0;
    }
    return colours;
  }

  CloudFilm.greyWindow = {
    make: make, first: first, isGuess: isGuess, presets: presets, same: same, dragged: dragged, table: table, range: range
  };
})(window.CloudFilm = window.CloudFilm || {});
