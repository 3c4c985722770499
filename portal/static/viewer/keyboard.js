// SPDX-License-Identifier: AGPL-3.0-or-later
// The viewer by keyboard; docs/phone-viewer.md and the help sheet list the keys.
(function (CloudFilm) {
  'use strict';
  var ZOOM_STEP = 1.25, MANY = 10;
  var MODES = { b: 'browse', w: 'window', m: 'move', l: 'measure' };
  var ACTIONS = { i: 'invert', f: 'fit', 0: 'fit', s: 'split', r: 'reset', x: 'mirror' };

  function attach(viewer, controls) {
    function zoom(factor) {
      var pane = viewer.active, box = pane.box(), middle = { x: box.width / 2, y: box.height / 2 };
      pane.move(CloudFilm.placing.zoomed(pane.place, pane.picture(), box, middle, factor));
    }

    function nextSeries(step) {
      var at = viewer.series.indexOf(viewer.active.series) + step;
      if (viewer.series[at]) { viewer.open(viewer.series[at]); }
    }

    function scroll(step) { viewer.scroll(viewer.active, viewer.active.index + step); }

    var keys = {
      ArrowUp: function () { scroll(-1); }, ArrowDown: function () { scroll(1); },
      PageUp: function () { scroll(-MANY); }, PageDown: function () { scroll(MANY); },
      Home: function () { viewer.scroll(viewer.active, 0); }, End: function () { viewer.scroll(viewer.active, viewer.active.series.count - 1); },
      ArrowLeft: function () { nextSeries(-1); }, ArrowRight: function () { nextSeries(1); },
      '+': function () { zoom(ZOOM_STEP); }, '=': function () { zoom(ZOOM_STEP); }, '-': function () { zoom(1 / ZOOM_STEP); },
      ' ': function () { if (viewer.active.series.count > 1) { controls.actions.play(); } },
      '?': function () { CloudFilm.sheets.show(document.getElementById('help')); }
    };

    document.addEventListener('keydown', function (event) {
      if (event.key === 'Escape') { CloudFilm.sheets.close(); return; }
      if (event.ctrlKey || event.altKey || event.metaKey || CloudFilm.sheets.isOpen() || !viewer.active || !viewer.active.series) { return; }
      var tag = event.target.tagName;
      if (event.key === ' ' && (tag === 'BUTTON' || tag === 'A')) { return; }
      if (tag === 'INPUT' && /^(Arrow|Page|Home|End)/.test(event.key)) { return; }
      if (keys[event.key]) {
        keys[event.key]();
      } else if (ACTIONS[event.key]) {
        controls.actions[ACTIONS[event.key]]();
      } else if (MODES[event.key]) {
        viewer.setMode(MODES[event.key]);
      } else if (/^[1-9]$/.test(event.key)) {
        controls.usePreset(Number(event.key) - 1);
      } else {
        return;
      }
      event.preventDefault();
    });
  }

  CloudFilm.attachKeyboard = attach;
})(window.CloudFilm = window.CloudFilm || {});
