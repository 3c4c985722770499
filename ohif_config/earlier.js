// SPDX-License-Identifier: AGPL-3.0-or-later
// Brings the patient's exam before this one into the browser's cache while the line is idle: opening it later asks for no frame again.
// Read after bringing.js and before reading.js; nginx serves this file as it is.
(function () {
  'use strict';

  var bringing = window.cloudfilmBringing;
  var valueOf = bringing.valueOf, valuesOf = bringing.valuesOf;

  var IDLE_MS = 3000; // this long nothing is asked for: cornerstone pauses within a series, but not so long
  var LOOK_MS = 100; // how soon what the reader asks for is noticed
  var AT_ONCE = 4; // fills a line without standing in the reader's way: some 500 kB of CT
  // Some 1,200 CT images as HTJ2K. Chromium's cache holds 200 MiB on most disks, and the reader's own exam is in it too.
  var MOST_BYTES = 150e6;
  var KINDS = ['interaction', 'thumbnail', 'prefetch']; // cornerstone's names of what asks for images

  // ---- what is brought ---------------------------------------------------------------------------------------------------------------------
  function uidOf(exam) {
    return valueOf(exam, '0020000D');
  }

  function modalitiesOf(exam) {
    return valuesOf(exam, '00080061').filter(bringing.hasPictures);
  }

  function momentOf(exam) {
    return String(valueOf(exam, '00080020')) + String(valueOf(exam, '00080030') || '').slice(0, 6);
  }

  function newestFirst(one, other) {
    return momentOf(other).localeCompare(momentOf(one));
  }

  // StudyInstanceUID of the last exam before the newest of those that are open, with a modality of it, or null. `exams` as QIDO-RS gives them.
  function earlierExam(exams, openUids) {
    var dated = exams.filter(function (exam) { return valueOf(exam, '00080020'); }).sort(newestFirst);
    var current = dated.find(function (exam) { return openUids.indexOf(uidOf(exam)) >= 0; });
    if (!current) return null;
    var wanted = modalitiesOf(current);
    var found = dated.find(function (exam) {
      return openUids.indexOf(uidOf(exam)) < 0 && momentOf(exam) < momentOf(current) &&
        modalitiesOf(exam).some(function (one) { return wanted.indexOf(one) >= 0; });
    });
    return found ? uidOf(found) : null;
  }

  // ---- when --------------------------------------------------------------------------------------------------------------------------------
  // Nobody who pays for bytes, and no small screen, is sent what was not asked for.
  function isWelcome() {
    return !(navigator.connection && navigator.connection.saveData) && !window.matchMedia('(max-width: 639px)').matches;
  }

  function isAsking(pool) {
    var waiting = pool.getRequestPool();
    return KINDS.some(function (kind) {
      return pool.numRequests[kind] > 0 || Object.keys(waiting[kind]).some(function (priority) { return waiting[kind][priority].length; });
    });
  }

  // The reader's exam is not there yet, or more of it is being asked for, or nobody looks.
  function isBusy() {
    var cornerstone = window.cornerstone;
    return document.hidden || !cornerstone || !cornerstone.cache.getCacheSize() || isAsking(cornerstone.imageLoadPoolManager);
  }

  // ---- how ---------------------------------------------------------------------------------------------------------------------------------
  // `parts` are OHIF's managers. Each step in `waiting` takes a signal that breaks it off and gives a promise.
  function EarlierExam(parts) {
    var services = parts.servicesManager.services;
    var waiting = [find], running = 0, atOnce = 1, bytes = 0;
    var looking = setInterval(look, LOOK_MS), busyAt = Date.now(), breaking = new AbortController(), isPaused = true, isOver = false;

    function end() {
      isOver = true;
      clearInterval(looking);
      pause();
    }

    function pause() {
      isPaused = true;
      breaking.abort();
    }

    function look() {
      if (isBusy() || !isWelcome()) {
        busyAt = Date.now();
        if (!isPaused) pause();
      } else if (isPaused && !running && Date.now() - busyAt >= IDLE_MS) {
        isPaused = false;
        breaking = new AbortController();
        send();
      }
    }

    function send() {
      while (!isPaused && running < atOnce && waiting.length) run(waiting.shift());
      if (!running && !waiting.length) end();
    }

    function run(step) {
      var signal = breaking.signal;
      running += 1;
      step(signal).then(
        function () { running -= 1; },
        function () {
          running -= 1;
          // What was broken off is asked for again; any other failure is the end: the visit is over, or the exam is not published.
          if (signal.aborted && !isOver) waiting.unshift(step);
          else end();
        },
      ).then(send);
    }

    // By the visit's cookie: OHIF's token names the exams that were opened, and no other. The answer holds no more than the visitor may see.
    function find(signal) {
      var open = services.displaySetService.getActiveDisplaySets().map(function (one) { return one.StudyInstanceUID; });
      if (!open.length) return Promise.resolve();
      return bringing.askForJson('?StudyInstanceUID=' + open[0], signal)
        .then(function (exams) {
          var patientId = exams.length && valueOf(exams[0], '00100020');
          return patientId ? bringing.askForJson('?PatientID=' + encodeURIComponent(patientId), signal) : [];
        })
        .then(function (exams) {
          var found = earlierExam(exams, open);
          return found && bringing.askForJson('/' + found + '/series', signal).then(bringSeries.bind(null, found));
        });
    }

    function bringSeries(studyInstanceUid, series) {
      waiting = waiting.concat(bringing.seriesToBring(series).map(function (uid) {
        return bringMetadata.bind(null, '/' + studyInstanceUid + '/series/' + uid + '/metadata');
      }));
    }

    // The first frame at once, since it tells whether the exam is published; the others after all metadata.
    function bringMetadata(path, signal) {
      return bringing.askForJson(path, signal).then(function (metadata) {
        var steps = bringing.framesOf(metadata).map(function (one) { return bringFrame.bind(null, one); });
        if (!bytes && steps.length) waiting.unshift(steps.shift());
        waiting = waiting.concat(steps);
      });
    }

    function bringFrame(one, signal) {
      return bringing.askForFrame(one, signal).then(function (frame) {
        atOnce = AT_ONCE;
        bytes += frame.byteLength;
        if (bytes >= MOST_BYTES) end();
      });
    }

    this.end = end;
  }

  window.cloudfilmEarlier = { EarlierExam: EarlierExam, earlierExam: earlierExam };
})();
