// SPDX-License-Identifier: AGPL-3.0-or-later
// What the server says of an exam, column by column, as pictures; and the addresses at which it gives them.
(function (CloudFilm) {
  'use strict';
  var LARGEST_SIDE = 1280;  // as portal/exam_pictures.py has it, so that the first picture is asked for once
  var FRAME_ACCEPT = 'multipart/related; type="application/octet-stream"; transfer-syntax=1.2.840.10008.1.2.1';

  function Series(study, described, number) {
    this.study = study;
    this.uid = described.uid;
    this.number = number;
    this.modality = described.modality;
    this.description = described.description;
    this.bodyPart = described.bodyPart;
    this.opening = described.opening - 1;
    this.count = described.count;
    this.described = described;
    this.made = {};
  }

  // The picture at a place, from 0.
  Series.prototype.picture = function (index) {
    if (this.made[index]) { return this.made[index]; }
    var picture = { index: index, series: this }, same = this.described.same, each = this.described.each, name;
    for (name in same) { if (same.hasOwnProperty(name)) { picture[name] = same[name]; } }
    for (name in each) { if (each.hasOwnProperty(name)) { picture[name] = each[name][index]; } }
    picture.instance = this.described.prefix + picture.instance;
    picture.isColour = picture.samples > 1 || picture.photometric === 'PALETTE COLOR';
    picture.base = '/dicom-web/studies/' + this.study + '/series/' + this.uid + '/instances/' + picture.instance + '/frames/' + picture.frame;
    picture.id = picture.instance + '/' + picture.frame;
    picture.bytes = picture.rows * picture.columns * picture.samples * picture.allocated / 8;
    this.made[index] = picture;
    return picture;
  };

  // A clip is many frames of one instance that follow each other in time.
  Series.prototype.isClip = function () {
    return this.count > 1 && this.picture(0).milliseconds !== null && this.picture(0).instance === this.picture(1).instance;
  };

  Series.prototype.indexOf = function (id) {
    for (var i = 0; i < this.count; i += 1) { if (this.picture(i).id === id) { return i; } }
    return -1;
  };

  // Where two series show the same space, the picture nearest to a place; else -1.
  Series.prototype.nearestTo = function (picture) {
    var mine = this.picture(0);
    if (picture.place === undefined || mine.place === undefined || !mine.reference || mine.reference !== picture.reference) { return -1; }
    if (!parallel(mine.orientation, picture.orientation)) { return -1; }
    var best = 0, distance = Infinity;
    for (var i = 0; i < this.count; i += 1) {
      var away = Math.abs(this.picture(i).place - picture.place);
      if (away < distance) { distance = away; best = i; }
    }
    return best;
  };

  // Whether both lie in one space, but in different directions.
  Series.prototype.isAcross = function (picture) {
    var mine = this.picture(0);
    return Boolean(mine.reference) && mine.reference === picture.reference && Boolean(mine.orientation && picture.orientation) &&
      !parallel(mine.orientation, picture.orientation);
  };

  function parallel(one, other) {
    return Boolean(one && other) && one.every(function (value, i) { return Math.abs(value - other[i]) < 0.01; });
  }

  function number(value) { return String(Math.round(value * 10000) / 10000); }

  // Rendered by the server. `side` bounds the longer side in pixels; none gives all of them.
  function renderedAddress(picture, window, side) {
    var query = window && !picture.isColour ? ['window=' + number(window.centre) + ',' + number(window.width) + ',linear'] : [];
    var longer = Math.max(picture.columns, picture.rows);
    if (side && longer > side) {
      query.push('viewport=' + Math.max(1, Math.round(picture.columns * side / longer)) + ',' + Math.max(1, Math.round(picture.rows * side / longer)));
    }
    return picture.base + '/rendered?' + query.concat('quality=85').join('&');
  }

  CloudFilm.Series = Series;
  CloudFilm.renderedAddress = renderedAddress;
  CloudFilm.LARGEST_SIDE = LARGEST_SIDE;
  CloudFilm.FRAME_ACCEPT = FRAME_ACCEPT;
})(window.CloudFilm = window.CloudFilm || {});
