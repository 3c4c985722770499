// SPDX-License-Identifier: AGPL-3.0-or-later
// The exam's key images, one after the other: what Key Object Selection documents mark (PS3.3 §A.35.4), then the middle of each series, in the
// order of the strip on the exam's page (portal/key_pictures.py). Read before reading.js; nginx serves this file as it is.
(function () {
  'use strict';

  var KEY_OBJECT_SELECTION = '1.2.840.10008.5.1.4.1.1.88.59';
  // Titles (PS3.16 CID 7010) that mean "look at this"; others reject images or list all that there are.
  var TELLING = ['113000', '113002', '113003', '113005', '113006', '113007', '113013', '113018', '113020'];
  var MOST_MARKED = 64;

  function list(value) {
    return value ? [].concat(value) : [];
  }

  // What a document marks: { sop, frame }, in its order.
  function marksOf(document) {
    var telling = list(document.ConceptNameCodeSequence).some(function (title) {
      return TELLING.indexOf(String(title.CodeValue)) >= 0;
    });
    if (!telling || document.SOPClassUID !== KEY_OBJECT_SELECTION) return [];
    return list(document.ContentSequence).reduce(function (marks, item) {
      if (item.ValueType !== 'IMAGE') return marks;
      return marks.concat(
        list(item.ReferencedSOPSequence).map(function (named) {
          return { sop: named.ReferencedSOPInstanceUID, frame: Number(list(named.ReferencedFrameNumber)[0]) || 1 };
        }),
      );
    }, []);
  }

  // An imageId ends in …/instances/SOP/frames/N, some in ?frame=N.
  function isOf(imageId, mark) {
    if (imageId.indexOf(mark.sop) < 0) return false;
    var frame = /frames\/(\d+)|[?&]frame=(\d+)/.exec(imageId);
    return !frame || Number(frame[1] || frame[2]) === mark.frame;
  }

  // Which images, and where they stand: { displaySetInstanceUID, index, imageId, isMarked }. `series` are { displaySetInstanceUID, imageIds }.
  function keyImages(series, documents) {
    var marks = documents.reduce(function (all, document) {
      return all.concat(marksOf(document));
    }, []);
    var found = [];
    marks.slice(0, MOST_MARKED).forEach(function (mark) {
      series.some(function (one) {
        for (var index = 0; index < one.imageIds.length; index += 1) {
          if (isOf(one.imageIds[index], mark)) return add(found, one, index, true);
        }
        return false;
      });
    });
    series.forEach(function (one) {
      if (one.imageIds.length) add(found, one, Math.floor((one.imageIds.length - 1) / 2), false);
    });
    return found;
  }

  function add(found, one, index, isMarked) {
    var imageId = one.imageIds[index];
    var isThere = found.some(function (other) {
      return other.imageId === imageId;
    });
    if (!isThere) found.push({ displaySetInstanceUID: one.displaySetInstanceUID, index: index, imageId: imageId, isMarked: isMarked });
    return true;
  }

  // Leads through them in the active viewport. `parts` are OHIF's managers, `say` the reader's language.
  function KeyImages(parts, say) {
    var services = parts.servicesManager.services;
    var next = 0, shownFor = '', note = null, documents = [];

    // OHIF lists a key object as a series that it cannot show: what it marks is kept, the row is not.
    function begin() {
      var sets = services.displaySetService;
      documents = [];
      sets.subscribe(sets.EVENTS.DISPLAY_SETS_ADDED, function (added) {
        added.displaySetsAdded
          .filter(function (one) { return one.Modality === 'KO' && one.unsupported; })
          .forEach(function (one) {
            documents = documents.concat(list(one.instances));
            sets.deleteDisplaySet(one.displaySetInstanceUID);
          });
      });
    }

    function all() {
      var source = parts.extensionManager.getActiveDataSource()[0];
      var series = services.displaySetService
        .getActiveDisplaySets()
        .filter(function (one) {
          return !one.unsupported && one.viewportType !== 'video' && one.Modality !== 'DOC' && list(one.images).length;
        })
        .map(function (one) {
          return { displaySetInstanceUID: one.displaySetInstanceUID, imageIds: source.getImageIdsForDisplaySet(one) || [] };
        });
      return keyImages(series, documents);
    }

    function show() {
      var images = all();
      var exam = images.map(function (one) { return one.imageId; }).join();
      if (!images.length) return;
      if (exam !== shownFor) {
        next = 0;
        shownFor = exam;
      }
      var image = images[next % images.length];
      next = (next + 1) % images.length;
      put(image);
      tell(image, images);
    }

    function put(image) {
      var grid = services.viewportGridService, viewports = services.cornerstoneViewportService;
      var active = grid.getActiveViewportId();
      var holder = [active].concat(Array.from(grid.getState().viewports.keys())).find(function (id) {
        var viewport = viewports.getCornerstoneViewport(id);
        return viewport && viewport.setImageIdIndex && viewport.getImageIds().indexOf(image.imageId) >= 0;
      });
      if (holder) {
        var viewport = viewports.getCornerstoneViewport(holder);
        grid.setActiveViewportId(holder);
        viewport.setImageIdIndex(viewport.getImageIds().indexOf(image.imageId));
        return;
      }
      var updates = services.hangingProtocolService.getViewportsRequireUpdate(active, image.displaySetInstanceUID, true);
      // A place that this series was left at earlier would win over the image that is asked for.
      parts.commandsManager.run('updateStoredPositionPresentation', {
        viewportId: active, displaySetInstanceUIDs: [image.displaySetInstanceUID], referencedImageId: image.imageId,
      });
      updates[0].viewportOptions = Object.assign({}, updates[0].viewportOptions, { initialImageOptions: { index: image.index } });
      parts.commandsManager.run('setDisplaySetsForViewports', { viewportsToUpdate: updates });
    }

    function tell(image, images) {
      var series = services.displaySetService.getDisplaySetByUID(image.displaySetInstanceUID);
      var notes = services.uiNotificationService;
      if (note) notes.hide(note);
      note = notes.show({
        title: say('关键图像 ', 'Key image ') + (images.indexOf(image) + 1) + ' / ' + images.length,
        message: (image.isMarked ? say('医生标记', 'Marked by a doctor') : say('序列中间的图像', 'Middle of its series')) + ' · ' + (series.SeriesDescription || series.Modality),
        type: 'info',
        duration: 3000,
      });
    }

    this.begin = begin;
    this.show = show;
  }

  window.cloudfilmKeyImages = { KeyImages: KeyImages, keyImages: keyImages };
})();
