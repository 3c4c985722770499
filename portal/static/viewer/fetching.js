// SPDX-License-Identifier: AGPL-3.0-or-later
// What is fetched, in which order: the picture that is looked at, its neighbours ahead, its numbers once the finger rests, the rest of a short series.
(function (CloudFilm) {
  'use strict';
  var AHEAD = 16, BEHIND = 6, SHORT_SERIES = 60, SOONEST = 3;

  // Jobs for the panes, the active one first. `isKnown(key)` says what is there already or will never be.
  function jobs(panes, isKnown, store, isLean, isPlaying) {
    var wanted = [], seen = Object.create(null);
    function add(job) {
      if (job && !seen[job.key] && !isKnown(job.key)) { seen[job.key] = true; wanted.push(job); }
    }
    panes.forEach(function (pane) {
      if (!pane.numbers()) { add(pane.renderedJob(pane.index)); }
    });
    panes.forEach(function (pane) {
      if (pane.eager || pane.series.count === 1) { add(pane.numbersJob()); }
    });
    panes.forEach(function (pane) {
      var order = neighbours(pane, store, isLean, isPlaying);
      order.slice(0, SOONEST).forEach(function (index) { add(pane.renderedJob(index)); });
      add(pane.numbersJob());
      order.slice(SOONEST).forEach(function (index) { add(pane.renderedJob(index)); });
    });
    return wanted;
  }

  function neighbours(pane, store, isLean, isPlaying) {
    var count = pane.series.count, picture = pane.picture(), each = Math.max(1, picture.rows * picture.columns * 4), order = [], i;
    var room = Math.max(2, Math.floor(store.limit * 0.6 / Math.min(each, CloudFilm.LARGEST_SIDE * CloudFilm.LARGEST_SIDE * 4)));
    var ahead = isLean ? 4 : AHEAD, behind = isLean ? 1 : BEHIND;
    if (isPlaying || (count <= SHORT_SERIES && !isLean)) { ahead = behind = count; }
    for (i = 1; i <= ahead || i <= behind; i += 1) {
      if (i <= ahead) { push(pane.index + i * pane.direction); }
      if (i <= behind && !isPlaying) { push(pane.index - i * pane.direction); }
    }
    function push(index) {
      var at = isPlaying ? (index + count) % count : index;
      if (at >= 0 && at < count && order.length < room) { order.push(at); }
    }
    return order;
  }

  CloudFilm.fetchingJobs = jobs;
})(window.CloudFilm = window.CloudFilm || {});
