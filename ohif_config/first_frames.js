// SPDX-License-Identifier: AGPL-3.0-or-later
// A worker that brings frames of the opened exam into the browser's cache while the viewer starts: its scripts have come, and the line would be idle until
// they have run. In the page itself it would wait for them too. opening.js starts it; nginx serves this file as it is.
(function () {
  'use strict';

  self.importScripts('/viewer/bringing.js' + self.location.search);
  var bringing = self.cloudfilmBringing;

  var SERIES = 2; // as many as most exams hang at first
  var SLOWEST_MS = 150; // on the line, for a frame: on a slower one what the viewer itself asks for would stand behind the next
  var isOver = false, isDone = false;

  function bringSeries(study, uids, headers) {
    if (isOver || !uids.length) return Promise.resolve();
    return bringing.askForJson('/' + study + '/series/' + uids[0] + '/metadata', undefined, headers)
      .then(function (metadata) { return bringFrames(bringing.framesOf(metadata), headers); })
      .then(bringSeries.bind(null, study, uids.slice(1), headers));
  }

  // One after the other: more at once would hold up the viewer's own questions, and the processor that runs its scripts.
  function bringFrames(frames, headers) {
    if (isOver || !frames.length) return undefined;
    return bringing.askForFrame(frames[0], undefined, headers).then(function () {
      if (!cameFast(frames[0])) isOver = true;
      return bringFrames(frames.slice(1), headers);
    });
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
      closeOnceDone();
      return;
    }
    var asked = event.data;
    Promise.all(asked.files.map(bringFile))
      .then(function () { return bringing.askForJson('/' + asked.study + '/series', undefined, asked.headers); })
      .then(function (series) { return bringSeries(asked.study, bringing.seriesToBring(series).slice(0, SERIES), asked.headers); })
      .then(done, done);
  };

  function done() {
    isDone = true;
    closeOnceDone();
  }

  // Both: what is on the line when a worker closes never ends for the browser's tools.
  function closeOnceDone() {
    if (isOver && isDone) self.close();
  }
})();
