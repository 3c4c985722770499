// SPDX-License-Identifier: AGPL-3.0-or-later
// An exam's images into the browser's cache, by DICOMweb: which of them, in which order, and how they are asked for. first_frames.js, a worker, and earlier.js
// say when. nginx serves this file as it is.
(function () {
  'use strict';

  var ROOT = '/dicom-web/studies';
  var JSON_OF_DICOM = 'application/dicom+json';
  // What cornerstone says: the cache keeps a frame by it (Vary).
  var FRAME = 'multipart/related; type=application/octet-stream; transfer-syntax=*';
  var NO_PICTURES = ['DOC', 'SR', 'KO', 'PR', 'SEG', 'RTSTRUCT'];

  // ---- which, and in which order -----------------------------------------------------------------------------------------------------------
  function valuesOf(dataset, tag) {
    return (dataset[tag] && dataset[tag].Value) || [];
  }

  function valueOf(dataset, tag) {
    return valuesOf(dataset, tag)[0];
  }

  function hasPictures(modality) {
    return NO_PICTURES.indexOf(modality) < 0;
  }

  // SeriesInstanceUIDs of series with images, in their numbers' order, scouts and single pictures last: as they hang (hanging.js).
  function seriesToBring(series) {
    function rank(one) {
      return (valueOf(one, '00201209') > 2 ? 0 : 1e6) + (Number(valueOf(one, '00200011')) || 0);
    }
    return series
      .filter(function (one) { return hasPictures(valueOf(one, '00080060')); })
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

  // ---- how ---------------------------------------------------------------------------------------------------------------------------------
  // Gives the answer, or fails with what it says. `headers` may hold an Authorization; the visit's cookie goes along.
  function ask(address, accept, signal, headers) {
    return fetch(address, {
      headers: Object.assign({ Accept: accept }, headers), credentials: 'same-origin', priority: 'low', signal: signal,
    }).then(function (answer) {
      return answer.ok ? answer : refuse(answer, 'answered ' + answer.status);
    });
  }

  // A body that nobody reads would keep its stream open.
  function refuse(answer, reason) {
    function fail() { throw new Error(reason); }
    return answer.text().then(fail, fail);
  }

  // A list of datasets (PS3.18 §8.3.4, §10.4): `path` is what follows /dicom-web/studies.
  function askForJson(path, signal, headers) {
    return ask(ROOT + path, JSON_OF_DICOM, signal, headers).then(function (answer) {
      return answer.status === 204 ? [] : answer.json();
    });
  }

  function addressOf(one) {
    var instance = one.instance;
    return ROOT + '/' + instance.StudyInstanceUID + '/series/' + instance.SeriesInstanceUID + '/instances/' + instance.SOPInstanceUID + '/frames/' + one.frame;
  }

  // Gives the frame's bytes. Only published frames are sent with `immutable` (docs/publication.md); Orthanc would have to make the others.
  function askForFrame(one, signal, headers) {
    return ask(addressOf(one), FRAME, signal, headers).then(function (answer) {
      return /immutable/.test(answer.headers.get('Cache-Control') || '') ? answer.arrayBuffer() : refuse(answer, 'not published');
    });
  }

  self.cloudfilmBringing = {
    valueOf: valueOf, valuesOf: valuesOf, hasPictures: hasPictures, seriesToBring: seriesToBring, framesOf: framesOf,
    addressOf: addressOf, askForJson: askForJson, askForFrame: askForFrame,
  };
})();
