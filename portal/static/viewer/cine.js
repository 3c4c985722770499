// SPDX-License-Identifier: AGPL-3.0-or-later
// Plays a clip, or walks through a stack; never faster than its pictures come.
(function (CloudFilm) {
  'use strict';
  var MILLISECONDS_OF_A_STACK = 100, FASTEST = 16;

  // `show(index)` shows a picture, `isReady(index)` says whether it is there.
  function Cine(show, isReady) {
    this.show = show;
    this.isReady = isReady;
    this.pane = null;
  }

  Cine.prototype.isPlaying = function () { return this.pane !== null; };

  Cine.prototype.play = function (pane) {
    this.pane = pane;
    this.due = null;
    this.tick();
  };

  Cine.prototype.stop = function () {
    this.pane = null;
    window.cancelAnimationFrame(this.next);
  };

  Cine.prototype.tick = function () {
    var self = this;
    this.next = window.requestAnimationFrame(function (now) {
      var pane = self.pane;
      if (!pane) { return; }
      var every = Math.max(FASTEST, pane.picture().milliseconds || MILLISECONDS_OF_A_STACK), following = (pane.index + 1) % pane.series.count;
      if (self.due === null) { self.due = now + every; }
      if (now >= self.due && self.isReady(pane, following)) {
        // What was waited for is not caught up with.
        self.due = now - self.due > every ? now + every : self.due + every;
        pane.direction = 1;
        self.show(pane, following);
      }
      self.tick();
    });
  };

  CloudFilm.Cine = Cine;
})(window.CloudFilm = window.CloudFilm || {});
