// SPDX-License-Identifier: AGPL-3.0-or-later
// Brings the patient's exam before this one into the browser's cache while the line is idle: opening it later asks for no frame again.
// Read before reading.js; nginx serves this file as it is.
(function () {
  'use strict';

  var IDLE_MS = 3000; // this long nothing is asked for: cornerstone pauses within a series, but not so long
  var LOOK_MS = 100; // how soon what the reader asks for is noticed
  var AT_ONCE = 4; // fills a line without standing in the reader's way: some 500 kB of CT
  // Some 1,200 CT images as HTJ2K. Chromium's cache holds 200 MiB on most disks, and the reader's own exam is in it too.
  var MOST_BYTES = 150e6;
  var KINDS = ['interaction', 'thumbnail', 'prefetch']; // cornerstone's names of what asks for images
  var NO_PICTURES = ['DOC', 'SR', 'KO', 'PR', 'SEG', 'RTSTRUCT'];

  // ---- what is brought ---------------------------------------------------------------------------------------------------------------------
  function valuesOf(dataset, tag) {
    return (dataset[tag] && dataset[tag].Value) || [];
  }

  function valueOf(dataset, tag) {
    return valuesOf(dataset, tag)[0];
  }

  function uidOf(exam) {
    return valueOf(exam, '0020000D');
  }

  function modalitiesOf(exam) {
    return valuesOf(exam, '00080061').filter(function (one) { return NO_PICTURES.indexOf(one) < 0; });
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

  // SeriesInstanceUIDs of series with images, in their numbers' order, scouts and single pictures last: as they hang (hanging.js).
  function seriesToBring(series) {
    function rank(one) {
      return (valueOf(one, '00201209') > 2 ? 0 : 1e6) + (Number(valueOf(one, '00200011')) || 0);
    }
    return series
      .filter(function (one) { return NO_PICTURES.indexOf(valueOf(one, '00080060')) < 0; })
      .sort(function (one, other) { return rank(one) - rank(other); })
      .map(function (one) { return valueOf(one, '0020000E'); });
  }

  function middleOutward(list) {
    var middle = Math.floor((list.length - 1) / 2), ordered = [];
    for (var step = 0; ordered.length < list.length; step += 1) {
      if (middle - step >= 0) ordered.push(list[middle - step]);
      if (step && middle + step < list.length) ordered.push(list[middle + step]);
    }
    return ordered;
  }

  // { instance, frame } of a series' metadata (PS3.18 §F.2), from the middle outward. Documents have no rows; clips (MPEG) come otherwise.
  function framesOf(metadata) {
    var frames = [];
    metadata
      .filter(function (one) {
        return valueOf(one, '00280010') && !/^1\.2\.840\.10008\.1\.2\.4\.10\d/.test(valueOf(one, '00083002') || '');
      })
      .sort(function (one, other) { return (valueOf(one, '00200013') || 0) - (valueOf(other, '00200013') || 0); })
      .forEach(function (one) {
        var instance = {
          StudyInstanceUID: valueOf(one, '0020000D'), SeriesInstanceUID: valueOf(one, '0020000E'), SOPInstanceUID: valueOf(one, '00080018'),
        };
        var count = Number(valueOf(one, '00280008')) || 1;
        for (var frame = 1; frame <= count; frame += 1) frames.push({ instance: instance, frame: frame });
      });
    return middleOutward(frames);
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
  // What cornerstone says: the cache keeps a frame by it (Vary).
  var FRAME = 'multipart/related; type=application/octet-stream; transfer-syntax=*';

  // `parts` are OHIF's managers. Each step in `waiting` takes a signal that breaks it off and gives a promise.
  function EarlierExam(parts) {
    var services = parts.servicesManager.services;
    var waiting = [find], running = 0, atOnce = 1, bytes = 0;
    var looking = setInterval(look, LOOK_MS), busyAt = Date.now(), breaking = new AbortController(), isPaused = true, isOver = false;

    function source() {
      return parts.extensionManager.getActiveDataSource()[0];
    }

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

    // The answer holds no more than the visitor may see.
    function find(signal) {
      var open = services.displaySetService.getActiveDisplaySets().map(function (one) { return one.StudyInstanceUID; });
      if (!open.length) return Promise.resolve();
      return search('?StudyInstanceUID=' + open[0], signal)
        .then(function (exams) {
          var patientId = exams.length && valueOf(exams[0], '00100020');
          return patientId ? search('?PatientID=' + encodeURIComponent(patientId), signal) : [];
        })
        .then(function (exams) {
          var found = earlierExam(exams, open);
          return found && search('/' + found + '/series', signal).then(bringSeries.bind(null, found));
        });
    }

    function bringSeries(studyInstanceUid, series) {
      waiting = waiting.concat(seriesToBring(series).map(function (uid) {
        return bringMetadata.bind(null, '/' + studyInstanceUid + '/series/' + uid + '/metadata');
      }));
    }

    // The first frame at once, since it tells whether the exam is published; the others after all metadata.
    function bringMetadata(path, signal) {
      return search(path, signal).then(function (metadata) {
        var steps = framesOf(metadata).map(function (one) {
          return bringFrame.bind(null, source().getImageIdsForInstance(one).replace(/^wadors:/, ''));
        });
        if (!bytes && steps.length) waiting.unshift(steps.shift());
        waiting = waiting.concat(steps);
      });
    }

    // Only published frames are sent with `immutable` (docs/publication.md); Orthanc would have to make the others.
    function bringFrame(address, signal) {
      return ask(address, FRAME, signal)
        .then(function (answer) {
          return /immutable/.test(answer.headers.get('Cache-Control') || '') ? answer.arrayBuffer() : refuse(answer, 'not published');
        })
        .then(function (frame) {
          atOnce = AT_ONCE;
          bytes += frame.byteLength;
          if (bytes >= MOST_BYTES) end();
        });
    }

    function search(path, signal) {
      return ask(source().getConfig().wadoRoot + '/studies' + path, 'application/dicom+json', signal).then(function (answer) {
        return answer.status === 204 ? [] : answer.json();
      });
    }

    // By the visit's cookie: OHIF's token names the exams that were opened, and no other.
    function ask(address, accept, signal) {
      return fetch(address, { headers: { Accept: accept }, credentials: 'same-origin', priority: 'low', signal: signal }).then(function (answer) {
        return answer.ok ? answer : refuse(answer, 'answered ' + answer.status);
      });
    }

    // A body that nobody reads would keep its stream open.
    function refuse(answer, reason) {
      if (answer.body) answer.body.cancel();
      throw new Error(reason);
    }

    this.end = end;
  }

  window.cloudfilmEarlier = { EarlierExam: EarlierExam, earlierExam: earlierExam, seriesToBring: seriesToBring, framesOf: framesOf };
})();
