// SPDX-License-Identifier: AGPL-3.0-or-later
// What the exam holds: asked once, and again while pictures are still arriving.
(function (CloudFilm) {
  'use strict';
  var SOON_MS = 8000, LATER_MS = 30000, LONG_MS = 10 * 60 * 1000, TIMEOUT_MS = 30000;

  // `on` has came(manifest), ended(), failed(status).
  function Arrival(address, on) {
    this.address = address;
    this.on = on;
    this.state = '';
    this.isComplete = false;
    this.began = Date.now();
  }

  // `then(status)`, if given, is told how it went.
  Arrival.prototype.ask = function (then) {
    var self = this, request = new XMLHttpRequest();
    window.clearTimeout(this.timer);
    request.open('GET', this.address + (this.state ? '&state=' + this.state : ''));
    request.timeout = TIMEOUT_MS;
    function done(status) {
      if (status === 401 || status === 404) { self.on.ended(); } else {
        if (status !== 200 && status !== 204) { self.on.failed(status); }
        self.wait();
      }
      if (then) { then(status); }
    }
    request.onload = function () {
      var manifest = null, status = request.status;
      if (status === 200) {
        try { manifest = JSON.parse(request.responseText); } catch (broken) { status = 0; }
      }
      if (manifest) {
        self.state = manifest.state;
        self.isComplete = manifest.complete;
        self.on.came(manifest);
      }
      done(status);
    };
    request.onerror = request.ontimeout = function () { done(0); };
    request.send();
  };

  Arrival.prototype.wait = function () {
    var self = this;
    if (this.isComplete || !this.state) { return; }
    this.timer = window.setTimeout(function () { self.ask(); }, document.hidden || Date.now() - this.began > LONG_MS ? LATER_MS : SOON_MS);
  };

  CloudFilm.Arrival = Arrival;
})(window.CloudFilm = window.CloudFilm || {});
