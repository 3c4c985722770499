// SPDX-License-Identifier: AGPL-3.0-or-later
// Fetches what is wanted, the first first, a few at once; what is no longer wanted is aborted.
//
// A job is {key, url, subject, raw, bytes}. Of one subject (a picture, as JPEG or as numbers) only one is under way: while a window is dragged
// over a slow line, each answer is shown before the next is asked for.
(function (CloudFilm) {
  'use strict';
  var AT_ONCE = 5, AT_ONCE_BESIDE_NUMBERS = 2, TIMEOUT_MS = 60000;

  // `done(job, value, bytes)`, `failed(job, status)`: 0 when nothing answered.
  function Loader(done, failed) {
    this.done = done;
    this.failed = failed;
    this.wanted = [];
    this.running = Object.create(null);
    this.stopped = false;
  }

  Loader.prototype.want = function (jobs) {
    var subjects = Object.create(null), self = this;
    jobs.forEach(function (job) { subjects[job.subject] = true; });
    Object.keys(this.running).forEach(function (subject) { if (!subjects[subject]) { self.abort(subject); } });
    this.wanted = jobs;
    this.fill();
  };

  Loader.prototype.fill = function () {
    for (var i = 0; i < this.wanted.length && !this.stopped; i += 1) {
      if (Object.keys(this.running).length >= this.limit()) { return; }
      var job = this.wanted[i];
      if (!job.begun && !this.running[job.subject]) { job.begun = true; this.start(job); }
    }
  };

  // Numbers are large: on a slow line they would come last of all if many pictures shared it with them.
  Loader.prototype.limit = function () {
    for (var subject in this.running) { if (subject.charAt(0) === 'n') { return AT_ONCE_BESIDE_NUMBERS; } }
    return AT_ONCE;
  };

  Loader.prototype.abort = function (subject) {
    var abort = this.running[subject];
    delete this.running[subject];
    abort();
  };

  Loader.prototype.pause = function () {
    this.stopped = true;
    Object.keys(this.running).forEach(this.abort, this);
  };

  Loader.prototype.resume = function () { this.stopped = false; };

  Loader.prototype.start = function (job) {
    var self = this, ended = false;
    function end(value, status, bytes) {
      if (ended) { return; }
      ended = true;
      delete self.running[job.subject];
      if (value) { self.done(job, value, bytes); } else { self.failed(job, status); }
      self.fill();
    }
    var abort = job.raw ? fetchNumbers(job, end) : fetchPicture(job, end);
    if (!ended) { this.running[job.subject] = function () { ended = true; abort(); }; }
  };

  function fetchNumbers(job, end) {
    var request = new XMLHttpRequest();
    request.open('GET', job.url);
    request.responseType = 'arraybuffer';
    request.timeout = TIMEOUT_MS;
    request.setRequestHeader('Accept', CloudFilm.FRAME_ACCEPT);
    request.onload = function () { end(request.status === 200 ? request.response : null, request.status, job.bytes); };
    request.onerror = request.ontimeout = function () { end(null, 0); };
    if (job.progress) { request.onprogress = function (event) { job.progress(event.loaded / job.bytes); }; }
    request.send();
    return function () { request.abort(); };
  }

  function fetchPicture(job, end) {
    var image = new Image(), asked = null;
    image.onload = function () { end(image, 200, image.naturalWidth * image.naturalHeight * 4); };
    // A picture does not say why it failed: asked once more, it does.
    image.onerror = function () {
      asked = new XMLHttpRequest();
      asked.open('GET', job.url);
      asked.timeout = TIMEOUT_MS;
      asked.onload = function () { end(null, asked.status === 200 ? 415 : asked.status); };
      asked.onerror = asked.ontimeout = function () { end(null, 0); };
      asked.send();
    };
    image.src = job.url;
    return function () {
      image.onload = image.onerror = null;
      image.removeAttribute('src');
      if (asked) { asked.abort(); }
    };
  }

  CloudFilm.Loader = Loader;
})(window.CloudFilm = window.CloudFilm || {});
