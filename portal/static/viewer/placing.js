// SPDX-License-Identifier: AGPL-3.0-or-later
// Where a picture lies in its pane: {zoom, x, y, mirrored}. Zoom 1 fits; x and y move its middle, in CSS pixels.
(function (CloudFilm) {
  'use strict';
  var LARGEST_ZOOM = 16;

  function fitted(mirrored) { return { zoom: 1, x: 0, y: 0, mirrored: Boolean(mirrored) }; }

  // CSS pixels that a column of the picture takes.
  function scale(place, picture, box) {
    return place.zoom * Math.min(box.width / picture.columns, box.height / (picture.rows * picture.aspect));
  }

  function toPane(place, picture, box, point) {
    var s = scale(place, picture, box);
    return {
      x: box.width / 2 + place.x + (point.x - picture.columns / 2) * s * (place.mirrored ? -1 : 1),
      y: box.height / 2 + place.y + (point.y - picture.rows / 2) * s * picture.aspect
    };
  }

  function toPicture(place, picture, box, point) {
    var s = scale(place, picture, box);
    return {
      x: (point.x - box.width / 2 - place.x) / s * (place.mirrored ? -1 : 1) + picture.columns / 2,
      y: (point.y - box.height / 2 - place.y) / (s * picture.aspect) + picture.rows / 2
    };
  }

  // Some of the picture always stays in sight.
  function held(place, picture, box) {
    var s = scale(place, picture, box), wide = picture.columns * s, high = picture.rows * picture.aspect * s;
    var mostX = Math.max(0, (wide - box.width) / 2) + box.width / 4, mostY = Math.max(0, (high - box.height) / 2) + box.height / 4;
    if (place.zoom <= 1.001) { mostX = mostY = 0; }
    return {
      zoom: place.zoom, mirrored: place.mirrored,
      x: Math.max(-mostX, Math.min(mostX, place.x)), y: Math.max(-mostY, Math.min(mostY, place.y))
    };
  }

  function moved(place, picture, box, right, down) {
    return held({ zoom: place.zoom, mirrored: place.mirrored, x: place.x + right, y: place.y + down }, picture, box);
  }

  // What is under `point` stays there.
  function zoomed(place, picture, box, point, factor) {
    var zoom = Math.max(1, Math.min(LARGEST_ZOOM, place.zoom * factor)), real = zoom / place.zoom;
    var dx = point.x - box.width / 2, dy = point.y - box.height / 2;
    return held({ zoom: zoom, mirrored: place.mirrored, x: dx - (dx - place.x) * real, y: dy - (dy - place.y) * real }, picture, box);
  }

  CloudFilm.placing = { fitted: fitted, scale: scale, toPane: toPane, toPicture: toPicture, moved: moved, zoomed: zoomed, held: held };
})(window.CloudFilm = window.CloudFilm || {});
