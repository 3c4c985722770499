// SPDX-License-Identifier: AGPL-3.0-or-later
// Fingers, mouse and wheel on a pane, told as what they mean: drag, pinch, tap, double tap, wheel.
(function (CloudFilm) {
  'use strict';
  var TAP_MS = 350, TAP_PIXELS = 12, DOUBLE_MS = 350, DOUBLE_PIXELS = 40;

  // `on` has begin(point), drag(point, right, down), end(point, isTap), pinch(point, factor, right, down), doubleTap(point), wheel(point, down, isZoom).
  function watch(element, on) {
    var fingers = Object.create(null), began = null, pinched = false, lastTap = null;

    function at(event) {
      var box = element.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    }

    function list() { return Object.keys(fingers).map(function (id) { return fingers[id]; }); }

    function spread(two) {
      return {
        x: (two[0].x + two[1].x) / 2, y: (two[0].y + two[1].y) / 2,
        apart: Math.max(20, Math.sqrt(Math.pow(two[0].x - two[1].x, 2) + Math.pow(two[0].y - two[1].y, 2)))
      };
    }

    element.addEventListener('pointerdown', function (event) {
      if (event.pointerType === 'mouse' && event.button > 1) { return; }
      var point = at(event);
      fingers[event.pointerId] = point;
      try { element.setPointerCapture(event.pointerId); } catch (gone) { /* it was lifted already */ }
      if (list().length === 1) {
        began = { point: point, time: Date.now(), isMiddle: event.button === 1, dragging: false };
        pinched = false;
        on.begin(point);
      } else if (!pinched) {
        pinched = true;
        on.end(point, false);
      }
    });

    element.addEventListener('pointermove', function (event) {
      var before = fingers[event.pointerId];
      if (!before) { return; }
      var point = at(event), two = list();
      if (two.length === 2) {
        var was = spread(two);
        fingers[event.pointerId] = point;
        var is = spread(list());
        on.pinch(is, is.apart / was.apart, is.x - was.x, is.y - was.y);
        return;
      }
      fingers[event.pointerId] = point;
      if (pinched || two.length > 2) { return; }
      if (!began.dragging && distance(point, began.point) < TAP_PIXELS / 2) { fingers[event.pointerId] = before; return; }
      began.dragging = true;
      if (began.isMiddle) { on.pinch(point, 1, point.x - before.x, point.y - before.y); return; }
      on.drag(point, point.x - before.x, point.y - before.y);
    });

    function lifted(event) {
      var point = fingers[event.pointerId];
      if (!point) { return; }
      delete fingers[event.pointerId];
      if (pinched || list().length) { return; }
      var isTap = event.type === 'pointerup' && Date.now() - began.time < TAP_MS && distance(point, began.point) < TAP_PIXELS;
      on.end(point, isTap);
      if (!isTap) { lastTap = null; return; }
      if (lastTap && Date.now() - lastTap.time < DOUBLE_MS && distance(point, lastTap.point) < DOUBLE_PIXELS) {
        lastTap = null;
        on.doubleTap(point);
      } else {
        lastTap = { point: point, time: Date.now() };
      }
    }
    element.addEventListener('pointerup', lifted);
    element.addEventListener('pointercancel', lifted);

    element.addEventListener('wheel', function (event) {
      event.preventDefault();
      on.wheel(at(event), event.deltaY, event.ctrlKey);
    }, { passive: false });
    element.addEventListener('dragstart', function (event) { event.preventDefault(); });
  }

  function distance(one, other) { return Math.sqrt(Math.pow(one.x - other.x, 2) + Math.pow(one.y - other.y, 2)); }

  CloudFilm.watchGestures = watch;
})(window.CloudFilm = window.CloudFilm || {});
