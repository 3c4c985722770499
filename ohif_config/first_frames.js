// SPDX-License-Identifier: AGPL-3.0-or-later
// A worker that brings frames of the opened exam into the browser's cache while the viewer starts: behind its scripts on the line, which would be idle until
// they have run. In the page itself it would wait for them too. opening.js starts it; nginx serves this file as it is.
(function () {
  'use strict';

  self.importScripts('/viewer/bringing.js' + self.location.search);
  var bringing = self.cloudfilmBringing;

  var SERIES = 2; // as many as most exams hang at first
  var SLOWEST_MS = 150; // on the line, for a frame: on a slower one what the viewer itself asks for would stand behind the next
  var isOver = false, isDone = false, heard = {}, tell = {};

  // What the page has asked for is not asked for again, unless it got no answer.
  function askForJson(path, headers) {
    return (heard[path] || Promise.resolve('')).then(function (text) {
      return text ? JSON.parse(text) : bringing.askForJson(path, undefined, headers);
    });
  }

  function listenFor(path) {
    heard[path] = new Promise(function (resolve) { tell[path] = resolve; });
  }

  function bringSeries(study, uids, headers) {
    if (isOver || !uids.length) return Promise.resolve();
    return askForJson('/' + study + '/series/' + uids[0] + '/metadata', headers)
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

  // Over the line, not from the cache: then the exam was opened before. How long it stood behind the viewer's scripts does not count.
  function cameFast(frame) {
    var timing = performance.getEntriesByName(new URL(bringing.addressOf(frame), self.location).href).pop();
    return !!timing && timing.transferSize > 0 && timing.responseEnd - timing.responseStart <= SLOWEST_MS;
  }

  function bringFile(address) {
    return fetch(address, { priority: 'low' }).then(function (answer) { return answer.arrayBuffer(); });
  }

  // { asked }: a path (bringing.js's) that the page has asked for itself; { path, text }: its answer, empty when it has none; { study, headers, files }: begin, whose
  // frames, who asks, and what of the viewer comes first; 'end'. The page is told nothing: what fails here the viewer asks for itself.
  self.onmessage = function (event) {
    if (event.data === 'end') {
      isOver = true;
      closeOnceDone();
      return;
    }
    var told = event.data;
    if (told.asked) listenFor(told.asked);
    else if (told.path) tell[told.path](told.text);
    else begin(told);
  };

  function begin(exam) {
    var files = exam.files.map(function (file) { return bringFile(file).catch(leftToViewer); });
    Promise.all(files.concat(bringExam(exam.study, exam.headers).catch(leftToViewer))).then(done);
  }

  function leftToViewer() {}

  function bringExam(study, headers) {
    return askForJson('/' + study + '/series', headers).then(function (series) {
      return bringSeries(study, bringing.seriesToBring(series).slice(0, SERIES), headers);
    });
  }

  function done() {
    isDone = true;
    closeOnceDone();
  }

  // Both: what is on the line when a worker closes never ends for the browser's tools.
  function closeOnceDone() {
    if (isOver && isDone) self.close();
  }
})();
