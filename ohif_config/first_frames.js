// SPDX-License-Identifier: AGPL-3.0-or-later
// A worker that brings frames of the opened exam into the browser's cache while the viewer starts: its scripts have come, and the line would be idle until
// they have run. In the page itself it would wait for them too. opening.js starts it; nginx serves this file as it is.
(function () {
  'use strict';

  self.importScripts('/viewer/bringing.js');
  var bringing = self.cloudfilmBringing;

  var SERIES = 2; // as many as most exams hang at first
  var AT_ONCE = 4;
  var SLOWEST_MS = 150; // on the line, for a frame: on a slower one what the viewer itself asks for would stand behind the next
  var isOver = false;

  function bringSeries(study, uids, headers) {
    if (isOver || !uids.length) return Promise.resolve();
    return bringing.askForJson('/' + study + '/series/' + uids[0] + '/metadata', undefined, headers)
      .then(function (metadata) {
        var frames = bringing.framesOf(metadata), first = frames.splice(0, 1);
        return bringFrames(first, 1, headers)
          .then(function () {
            if (!first.every(cameFast)) isOver = true;
            return bringFrames(frames, AT_ONCE, headers);
          });
      })
      .then(bringSeries.bind(null, study, uids.slice(1), headers));
  }

  function bringFrames(frames, atOnce, headers) {
    var asked = 0;
    function next() {
      if (isOver || asked === frames.length) return undefined;
      asked += 1;
      return bringing.askForFrame(frames[asked - 1], undefined, headers).then(next);
    }
    return Promise.all(Array.from({ length: atOnce }, next));
  }

  // Over the line, not from the cache: then the exam was opened before.
  function cameFast(frame) {
    var timing = performance.getEntriesByName(new URL(bringing.addressOf(frame), self.location).href).pop();
    return !!timing && timing.transferSize > 0 && timing.responseEnd - timing.requestStart <= SLOWEST_MS;
  }

  function bringFile(address) {
    return fetch(address, { priority: 'low' }).then(function (answer) { return answer.arrayBuffer(); });
  }

  // { study, headers, files }: whose frames, who asks, and what of the viewer comes first; or 'end'. Nothing is told: what fails here the viewer asks for itself.
  self.onmessage = function (event) {
    if (event.data === 'end') {
      isOver = true;
      return;
    }
    var asked = event.data;
    Promise.all(asked.files.map(bringFile))
      .then(function () { return bringing.askForJson('/' + asked.study + '/series', undefined, asked.headers); })
      .then(function (series) { return bringSeries(asked.study, bringing.seriesToBring(series).slice(0, SERIES), asked.headers); })
      .then(self.close.bind(self), self.close.bind(self));
  };
})();
