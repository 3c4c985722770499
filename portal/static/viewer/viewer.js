// SPDX-License-Identifier: AGPL-3.0-or-later
// The viewer: panes, what they show together, and what is fetched for them. Controls and notices listen to it.
(function (CloudFilm) {
  'use strict';
  var MEGABYTE = 1048576, MEMORY = 64 * MEGABYTE, MEMORY_OF_SMALL_PHONES = 32 * MEGABYTE, SMALL_PHONE_GIGABYTES = 2;
  var TRY_AGAIN_MS = 4000, TRIED_LATER = { 0: true, 429: true, 500: false, 502: true, 503: true, 504: true };

  // `notices` has offline(is), ended(), empty(manifest), arriving(manifest), missing(pane, is).
  function Viewer(elements, manifestAddress, notices) {
    var self = this;
    this.elements = elements;
    this.notices = notices;
    this.mode = 'browse';
    this.linked = true;
    this.series = [];
    this.panes = [];
    this.failures = Object.create(null);
    this.loaded = Object.create(null);
    this.listeners = [];
    this.isLean = Boolean(navigator.connection && navigator.connection.saveData);
    this.store = new CloudFilm.Store(navigator.deviceMemory && navigator.deviceMemory <= SMALL_PHONE_GIGABYTES ? MEMORY_OF_SMALL_PHONES : MEMORY);
    this.parts = {
      store: this.store, isLean: this.isLean, anyRendered: Object.create(null),
      changed: function () { self.refresh(); },
      drawn: function (pane, isThere) { self.drawn(pane, isThere); }
    };
    this.loader = new CloudFilm.Loader(
      function (job, value, bytes) { self.came(job, value, bytes); },
      function (job, status) { self.failed(job, status); }
    );
    this.cine = new CloudFilm.Cine(
      function (pane, index) { self.scroll(pane, index); },
      function (pane, index) { return self.isKnown(pane.renderedJob(index).key); }
    );
    this.arrival = new CloudFilm.Arrival(manifestAddress, {
      came: function (manifest) { self.take(manifest); },
      ended: function () { self.end(); },
      failed: function () { if (!self.series.length) { self.loseLine(); } }
    });
  }

  Viewer.prototype.start = function () {
    var self = this;
    this.arrival.ask();
    window.addEventListener('online', function () { self.tryAgain(); });
    window.addEventListener('resize', function () { self.panes.forEach(function (pane) { pane.redraw(); }); self.refresh(); });
  };

  Viewer.prototype.listen = function (listener) { this.listeners.push(listener); };

  // ---- What the exam holds ----------------------------------------------------------------------------------------------------------

  Viewer.prototype.take = function (manifest) {
    var seen = this.panes.map(function (pane) { return { uid: pane.series.uid, id: pane.picture().id }; }), self = this;
    var automatic = {};
    this.series.forEach(function (series) { automatic[series.uid] = series.automatic; });
    this.series = manifest.series.map(function (described, i) { return new CloudFilm.Series(manifest.study, described, i + 1); });
    this.series.forEach(function (series) { series.automatic = automatic[series.uid]; });
    this.notices.offline(false);
    this.notices.arriving(manifest);
    this.notices.empty(manifest);
    if (!this.series.length) { return; }
    if (!this.panes.length) { this.addPane(this.elements.first); }
    this.panes.forEach(function (pane, i) { self.comeBack(pane, seen[i]); });
    this.tell('series');
    this.refresh();
  };

  // The picture that was looked at stays, wherever it stands now.
  Viewer.prototype.comeBack = function (pane, was) {
    var series = was && this.series.filter(function (one) { return one.uid === was.uid; })[0];
    if (!series) { this.openFirst(pane); return; }
    var index = series.indexOf(was.id);
    pane.series = series;
    pane.index = index >= 0 ? index : Math.min(pane.index, series.count - 1);
    pane.redraw();
  };

  Viewer.prototype.openFirst = function (pane) {
    var asked = this.elements.opening, series = this.series[asked.series - 1] || this.series[0];
    pane.open(series, asked.picture ? asked.picture - 1 : undefined);
    // The page brought this picture along.
    var job = pane.renderedJob(pane.index), image = this.elements.picture;
    if (image && image.getAttribute('src') === job.url && image.complete && image.naturalWidth) {
      this.came(job, image, image.naturalWidth * image.naturalHeight * 4);
    } else if (image && image.getAttribute('src') === job.url && !image.complete) {
      var self = this;
      this.awaited = job.key;
      image.addEventListener('load', function () { self.awaited = null; self.came(job, image, image.naturalWidth * image.naturalHeight * 4); });
      image.addEventListener('error', function () { self.awaited = null; self.refresh(); });
    }
  };

  // ---- Panes ------------------------------------------------------------------------------------------------------------------------

  Viewer.prototype.addPane = function (element) {
    var pane = new CloudFilm.Pane(element, this.parts);
    this.panes.push(pane);
    CloudFilm.attachGestures(pane, this);
    if (!this.active) { this.active = pane; }
    return pane;
  };

  Viewer.prototype.isSplit = function () { return this.shown().length > 1; };

  // A second pane that was put away keeps its element.
  Viewer.prototype.shown = function () { return this.panes.filter(function (pane) { return !pane.element.hidden; }); };

  Viewer.prototype.split = function (is) {
    var second = this.panes[1];
    this.elements.second.hidden = !is;
    this.elements.stage.classList.toggle('two', is);
    if (is) {
      if (!second) { second = this.addPane(this.elements.second); }
      var at = this.series.indexOf(this.panes[0].series);
      second.open(this.series[(at + 1) % this.series.length]);
      this.activate(second);
    } else {
      this.activate(this.panes[0]);
    }
    this.panes.forEach(function (pane) { pane.redraw(); });
    this.tell('split');
    this.refresh();
  };

  Viewer.prototype.activate = function (pane) {
    if (this.active === pane) { return; }
    this.active = pane;
    this.panes.forEach(function (one) { one.element.classList.toggle('active', one === pane); });
    this.cine.stop();
    this.tell('active');
  };

  Viewer.prototype.open = function (series) {
    this.cine.stop();
    this.active.open(series);
    this.tell('series');
  };

  Viewer.prototype.scroll = function (pane, index) {
    var before = pane.index;
    pane.show(index);
    if (pane.index === before) { return; }
    if (this.linked && this.isSplit()) {
      this.shown().forEach(function (other) {
        if (other === pane) { return; }
        var nearest = other.series.nearestTo(pane.picture());
        // Slices across each other have no picture in common; what lies in no known space goes along by number.
        if (nearest >= 0 || !other.series.isAcross(pane.picture())) { other.show(nearest >= 0 ? nearest : other.index + pane.index - before); }
      });
    }
    this.tell('picture');
  };

  Viewer.prototype.setMode = function (mode) {
    this.mode = mode;
    this.panes.forEach(function (pane) { pane.eager = mode === 'window'; });
    this.tell('mode');
    this.refresh();
  };

  // A window from the pixels of the picture: once its numbers are there.
  Viewer.prototype.setAutomatic = function (pane) {
    var values = pane.numbers(), picture = pane.picture();
    if (values) {
      pane.setWindow(CloudFilm.pixels.automatic(values, picture), 'automatic');
    } else {
      pane.awaitsAutomatic = true;
      pane.eager = true;
      this.refresh();
    }
  };

  Viewer.prototype.play = function (is) {
    if (is) { this.cine.play(this.active); } else { this.cine.stop(); }
    this.tell('cine');
    this.refresh();
  };

  // ---- Fetching ---------------------------------------------------------------------------------------------------------------------

  Viewer.prototype.isKnown = function (key) { return this.store.has(key) || key in this.failures || key === this.awaited; };

  Viewer.prototype.refresh = function () {
    var self = this, panes = this.shown();
    panes.sort(function (one) { return one === self.active ? -1 : 1; });
    if (!panes.length || this.isOver) { return; }
    this.loader.want(CloudFilm.fetchingJobs(panes, this.isKnown.bind(this), this.store, this.isLean, this.cine.isPlaying()));
    this.tell('changed');
  };

  Viewer.prototype.came = function (job, value, bytes) {
    var picture = job.picture, series = picture.series, self = this, loaded;
    if (job.raw) {
      value = CloudFilm.pixels.stored(value, picture);
      if (!value) { this.failures[job.key] = 415; this.refresh(); return; }
      if (CloudFilm.greyWindow.isGuess(picture, series.modality) && !series.automatic) { series.automatic = CloudFilm.pixels.automatic(value, picture); }
    } else {
      this.parts.anyRendered[picture.id] = job.key;
      loaded = this.loaded[series.uid] = this.loaded[series.uid] || { count: 0, ids: Object.create(null) };
      if (!loaded.ids[picture.id]) { loaded.ids[picture.id] = true; loaded.count += 1; }
    }
    this.store.put(job.key, value, bytes);
    this.panes.forEach(function (pane) {
      if (pane.series && pane.picture().id === picture.id) {
        if (job.raw && pane.awaitsAutomatic) { pane.awaitsAutomatic = false; pane.eager = self.mode === 'window'; self.setAutomatic(pane); }
        pane.redraw();
      }
    });
    this.refresh();
  };

  Viewer.prototype.failed = function (job, status) {
    var self = this;
    if (TRIED_LATER[status]) { this.loseLine(); return; }
    this.failures[job.key] = status;
    this.panes.forEach(function (pane) { pane.redraw(); });
    // Nothing here, or no longer anything for this visit?
    if (status === 401 || status === 403 || status === 404) { this.arrival.ask(); }
    self.refresh();
  };

  Viewer.prototype.loseLine = function () {
    var self = this;
    this.loader.pause();
    this.notices.offline(true);
    window.clearTimeout(this.again);
    this.again = window.setTimeout(function () { self.tryAgain(); }, TRY_AGAIN_MS);
  };

  Viewer.prototype.tryAgain = function () {
    var self = this;
    if (this.isOver) { return; }
    window.clearTimeout(this.again);
    this.arrival.ask(function (status) {
      if (status !== 200 && status !== 204) { if (!self.isOver) { self.loseLine(); } return; }
      self.notices.offline(false);
      self.loader.resume();
      self.failures = Object.create(null);
      self.panes.forEach(function (pane) { pane.redraw(); });
      self.refresh();
    });
  };

  Viewer.prototype.end = function () {
    this.isOver = true;
    this.cine.stop();
    this.loader.pause();
    this.notices.ended();
  };

  Viewer.prototype.drawn = function (pane, isThere) {
    var job = pane.renderedJob(pane.index);
    this.notices.missing(pane, !isThere && job.key in this.failures);
    pane.element.classList.toggle('waiting', !isThere && !(job.key in this.failures));
    this.tell('drawn');
  };

  Viewer.prototype.tell = function (what) { this.listeners.forEach(function (listener) { listener(what); }); };

  CloudFilm.Viewer = Viewer;
})(window.CloudFilm = window.CloudFilm || {});
