// SPDX-License-Identifier: AGPL-3.0-or-later
// What fingers do in a pane, by the chosen mode: browse, window, move, measure. Two fingers always zoom and move.
(function (CloudFilm) {
  'use strict';
  var placing = CloudFilm.placing;
  var DOUBLE_TAP_ZOOM = 2.5, LEAST_PIXELS_A_PICTURE = 4, MOST_PIXELS_A_PICTURE = 16, WHEEL_PIXELS = 60, TOO_SHORT = 8;

  // `viewer` has mode, activate(pane), scroll(pane, index).
  function attach(pane, viewer) {
    var walked = 0, line = null, start = null, wheeled = 0;

    function step() {
      var natural = pane.box().height / Math.max(1, pane.series.count);
      return Math.max(LEAST_PIXELS_A_PICTURE, Math.min(MOST_PIXELS_A_PICTURE, natural));
    }

    function begin(point) {
      viewer.activate(pane);
      walked = 0;
      line = null;
      start = point;
      pane.dragging = viewer.mode === 'window';
    }

    function drag(point, right, down) {
      var picture = pane.picture(), box = pane.box();
      if (viewer.mode === 'window' && !picture.isColour) {
        pane.setWindow(CloudFilm.greyWindow.dragged(pane.windowOf(picture), right, down), 'own');
      } else if (viewer.mode === 'measure') {
        measure(point, picture, box);
      } else if (viewer.mode === 'move' || pane.series.count === 1) {
        pane.move(placing.moved(pane.place, picture, box, right, down));
      } else {
        walked += down;
        var pictures = Math.trunc ? Math.trunc(walked / step()) : (walked / step()) | 0;
        if (pictures) {
          walked -= pictures * step();
          viewer.scroll(pane, pane.index + pictures);
        }
      }
    }

    function measure(point, picture, box) {
      var lines = pane.lines[picture.id] = pane.lines[picture.id] || [];
      if (!line) {
        line = { from: placing.toPicture(pane.place, picture, box, start), to: null };
        lines.push(line);
      }
      line.to = placing.toPicture(pane.place, picture, box, point);
      pane.changed();
    }

    function end(point) {
      if (line && start && Math.abs(point.x - start.x) + Math.abs(point.y - start.y) < TOO_SHORT) { pane.lines[pane.picture().id].pop(); }
      line = null;
      if (pane.dragging) { pane.dragging = false; pane.changed(); }
    }

    CloudFilm.watchGestures(pane.element, {
      begin: begin,
      drag: drag,
      end: end,
      pinch: function (point, factor, right, down) {
        var picture = pane.picture(), box = pane.box();
        pane.move(placing.moved(placing.zoomed(pane.place, picture, box, point, factor), picture, box, right, down));
      },
      doubleTap: function (point) {
        var isFitted = pane.place.zoom < 1.01;
        pane.move(isFitted ? placing.zoomed(pane.place, pane.picture(), pane.box(), point, DOUBLE_TAP_ZOOM) : placing.fitted(pane.place.mirrored));
      },
      wheel: function (point, down, isZoom) {
        viewer.activate(pane);
        if (isZoom) { pane.move(placing.zoomed(pane.place, pane.picture(), pane.box(), point, Math.exp(-down / 300))); return; }
        wheeled += down;
        var pictures = (wheeled / WHEEL_PIXELS) | 0;
        if (!pictures && Math.abs(down) >= 100) { pictures = down > 0 ? 1 : -1; }
        if (pictures) { wheeled = 0; viewer.scroll(pane, pane.index + pictures); }
      }
    });
  }

  CloudFilm.attachGestures = attach;
})(window.CloudFilm = window.CloudFilm || {});
