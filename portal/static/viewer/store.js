// SPDX-License-Identifier: AGPL-3.0-or-later
// A memory of so many bytes: what was not used for longest goes first. Old phones end a page that takes too much.
(function (CloudFilm) {
  'use strict';

  function Store(limit) {
    this.limit = limit;
    this.bytes = 0;
    this.kept = Object.create(null);
    this.clock = 0;
  }

  Store.prototype.get = function (key) {
    var entry = this.kept[key];
    if (!entry) { return null; }
    entry.used = this.clock += 1;
    return entry.value;
  };

  Store.prototype.has = function (key) { return key in this.kept; };

  Store.prototype.put = function (key, value, bytes) {
    if (key in this.kept) { this.bytes -= this.kept[key].bytes; }
    this.kept[key] = { value: value, bytes: bytes, used: this.clock += 1 };
    this.bytes += bytes;
    if (this.bytes > this.limit) { this.forget(key); }
  };

  // Down to nine tenths, so that not every new picture looks through all.
  Store.prototype.forget = function (spared) {
    var kept = this.kept, keys = Object.keys(kept).sort(function (a, b) { return kept[a].used - kept[b].used; });
    for (var i = 0; i < keys.length && this.bytes > this.limit * 0.9; i += 1) {
      if (keys[i] === spared) { continue; }
      this.bytes -= kept[keys[i]].bytes;
      delete kept[keys[i]];
    }
  };

  CloudFilm.Store = Store;
})(window.CloudFilm = window.CloudFilm || {});
