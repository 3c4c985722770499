// SPDX-License-Identifier: AGPL-3.0-or-later
// One pane: a series, the picture of it that is looked at, how it lies there and with what window.
(function (CloudFilm) {
  'use strict';
  var placing = CloudFilm.placing, greyWindow = CloudFilm.greyWindow, pixels = CloudFilm.pixels;
  var SHARPEST = 2;  // canvas pixels by CSS pixel: more costs old phones much and shows little
  var SMOOTH_PIXELS = 700000;  // painted at once while a window is dragged
  var REST_MS = 300, LARGEST_UNASKED_BYTES = 1200000, FULL_SIZE_ZOOM = 1.6;
  var SIDES = ['left', 'right', 'top', 'bottom'];

  // `parts` has store, changed(pane), isLean.
  function Pane(element, parts) {
    this.element = element;
    this.parts = parts;
    this.canvas = element.querySelector('[data-picture]');
    this.overlay = element.querySelector('[data-lines]');
    this.painted = document.createElement('canvas');
    this.lines = Object.create(null);
    this.direction = 1;
    this.drawing = false;
    this.dragging = false;
    this.eager = false;
    this.reset();
  }

  Pane.prototype.reset = function () {
    this.window = null;
    this.windowName = 'default';
    this.inverted = false;
    this.place = placing.fitted(false);
    this.source = null;
  };

  Pane.prototype.open = function (series, index) {
    this.reset();
    this.series = series;
    this.index = -1;
    this.show(index === undefined ? series.opening : index);
  };

  Pane.prototype.picture = function () { return this.series.picture(this.index); };

  Pane.prototype.show = function (index) {
    var self = this, wanted = Math.max(0, Math.min(this.series.count - 1, index));
    if (wanted === this.index) { return; }
    this.direction = wanted >= this.index ? 1 : -1;
    this.index = wanted;
    this.rested = false;
    window.clearTimeout(this.resting);
    this.resting = window.setTimeout(function () { self.rested = true; self.parts.changed(self); }, REST_MS);
    this.changed();
  };

  // The window of a picture: chosen, else its own, else what its series' pixels said.
  Pane.prototype.windowOf = function (picture) {
    if (picture.isColour) { return null; }
    if (this.window) { return this.window; }
    return greyWindow.isGuess(picture, this.series.modality) && this.series.automatic || greyWindow.first(picture, this.series.modality);
  };

  Pane.prototype.setWindow = function (chosen, name) {
    this.window = chosen;
    this.windowName = name;
    this.changed();
  };

  Pane.prototype.changed = function () {
    this.redraw();
    this.parts.changed(this);
  };

  Pane.prototype.move = function (place) {
    this.place = place;
    this.changed();
  };

  Pane.prototype.box = function () { return { width: this.element.clientWidth, height: this.element.clientHeight }; };

  // ---- What it wants ----------------------------------------------------------------------------------------------------------------

  Pane.prototype.renderedJob = function (index) {
    var picture = this.series.picture(index);
    var side = this.place.zoom > FULL_SIZE_ZOOM && index === this.index ? 0 : CloudFilm.LARGEST_SIDE;
    var url = CloudFilm.renderedAddress(picture, this.windowOf(picture), side);
    return { key: url, url: url, subject: 'j' + picture.id, picture: picture, raw: false };
  };

  Pane.prototype.numbersJob = function () {
    var picture = this.picture();
    if (picture.isColour || picture.samples !== 1 || (picture.allocated !== 8 && picture.allocated !== 16) || picture.bits > picture.allocated) { return null; }
    var isGuess = greyWindow.isGuess(picture, this.series.modality) && !this.series.automatic && !this.window;
    var unasked = this.rested && (picture.bytes <= LARGEST_UNASKED_BYTES || isGuess) && !this.parts.isLean;
    if (!this.eager && !unasked) { return null; }
    return { key: 'n' + picture.id, url: picture.base, subject: 'n' + picture.id, picture: picture, raw: true, bytes: picture.bytes };
  };

  Pane.prototype.numbers = function () { return this.parts.store.get('n' + this.picture().id); };

  // ---- Drawing ----------------------------------------------------------------------------------------------------------------------

  Pane.prototype.redraw = function () {
    var self = this;
    if (this.drawing) { return; }
    this.drawing = true;
    window.requestAnimationFrame(function () { self.drawing = false; self.draw(); });
  };

  Pane.prototype.draw = function () {
    if (!this.series) { return; }
    var box = this.box(), picture = this.picture(), source = this.sourceOf(picture);
    if (!box.width || !box.height) { return; }
    var sharp = Math.min(SHARPEST, window.devicePixelRatio || 1);
    resize(this.canvas, box, sharp);
    resize(this.overlay, box, sharp);
    this.place = placing.held(this.place, picture, box);
    var context = this.canvas.getContext('2d');
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = 'source-over';
    context.globalAlpha = 1;
    context.fillStyle = '#000';
    context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    if (source) { this.source = source; }
    if (this.source) { this.drawSource(context, box, sharp, this.source, source ? 1 : 0.35); }
    this.element.setAttribute('data-index', String(this.index + 1));
    this.element.setAttribute('data-source', source ? source.kind : 'none');
    this.showSides(picture);
    this.drawLines(box, sharp);
    this.parts.drawn(this, Boolean(source));
  };

  Pane.prototype.sourceOf = function (picture) {
    var chosen = this.windowOf(picture), values = this.parts.store.get('n' + picture.id);
    if (values && chosen) {
      var many = picture.rows * picture.columns, stride = this.dragging ? Math.max(1, Math.ceil(Math.sqrt(many / SMOOTH_PIXELS))) : 1;
      var key = [picture.id, chosen.centre, chosen.width, this.inverted, stride].join();
      if (this.paintedKey !== key) {
        pixels.paint(this.painted, values, picture, greyWindow.table(picture, chosen, this.inverted), stride);
        this.paintedKey = key;
      }
      return { kind: 'device', image: this.painted, picture: picture, inverted: false };
    }
    var exact = this.parts.store.get(this.renderedJob(this.index).key);
    var image = exact || this.parts.store.get(this.parts.anyRendered[picture.id]);
    return image ? { kind: exact ? 'server' : 'other', image: image, picture: picture, inverted: this.inverted } : null;
  };

  Pane.prototype.drawSource = function (context, box, sharp, source, opacity) {
    var picture = source.picture, s = placing.scale(this.place, picture, box), wide = picture.columns * s, high = picture.rows * picture.aspect * s;
    context.setTransform(sharp * (this.place.mirrored ? -1 : 1), 0, 0, sharp, sharp * (box.width / 2 + this.place.x), sharp * (box.height / 2 + this.place.y));
    context.imageSmoothingEnabled = s < 6;
    context.globalAlpha = opacity;
    context.drawImage(source.image, -wide / 2, -high / 2, wide, high);
    if (source.inverted) {
      context.globalCompositeOperation = 'difference';
      context.fillStyle = '#fff';
      context.fillRect(-wide / 2, -high / 2, wide, high);
      context.globalCompositeOperation = 'source-over';
    }
    context.globalAlpha = 1;
  };

  Pane.prototype.showSides = function (picture) {
    var sides = picture.sides || ['', '', '', ''], mirrored = this.place.mirrored;
    var shown = mirrored ? [sides[1], sides[0], sides[2], sides[3]] : sides, element = this.element;
    SIDES.forEach(function (name, i) {
      var mark = element.querySelector('[data-side="' + name + '"]');
      if (mark.textContent !== shown[i]) { mark.textContent = shown[i]; }
    });
  };

  Pane.prototype.drawLines = function (box, sharp) {
    var context = this.overlay.getContext('2d'), picture = this.picture(), place = this.place;
    var lines = this.lines[picture.id] || [];
    // An empty layer is not painted again and again while a window is dragged.
    if (!lines.length && !this.hasLines) { return; }
    this.hasLines = lines.length > 0;
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.clearRect(0, 0, box.width, box.height);
    context.boxWidth = box.width;
    context.boxHeight = box.height;
    CloudFilm.ruler.draw(context, lines.map(function (line) {
      return {
        from: placing.toPane(place, picture, box, line.from), to: placing.toPane(place, picture, box, line.to),
        label: CloudFilm.ruler.label(line, picture)
      };
    }));
    this.element.setAttribute('data-lengths', lines.map(function (line) { return CloudFilm.ruler.label(line, picture); }).join('; '));
  };

  function resize(canvas, box, sharp) {
    var wide = Math.round(box.width * sharp), high = Math.round(box.height * sharp);
    if (canvas.width !== wide || canvas.height !== high) { canvas.width = wide; canvas.height = high; }
  }

  CloudFilm.Pane = Pane;
})(window.CloudFilm = window.CloudFilm || {});
