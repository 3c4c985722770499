// SPDX-License-Identifier: AGPL-3.0-or-later
// How exams hang: by modality, by the breasts' views, and two exams beside each other. Read before reading.js; nginx serves this file as it is.
(function () {
  'use strict';

  // ---- what a series is --------------------------------------------------------------------------------------------------------------------
  function firstOf(displaySet) {
    return (displaySet.images && displaySet.images[0]) || (displaySet.instances && displaySet.instances[0]) || {};
  }

  function texts(value) {
    return [].concat(value === undefined || value === null ? [] : value).map(String);
  }

  // PS3.3 §C.8.2.1.1.1 and §C.8.3.1.1.1: Value 3 of ImageType; many devices only say it in words.
  function isScout(displaySet) {
    var image = firstOf(displaySet);
    return texts(image.ImageType).indexOf('LOCALIZER') >= 0 || /\b(loc(alizer)?|scout|survey|topogram|scanogram|3-?pl(ane)?)\b|定位|三平面/i.test(displaySet.SeriesDescription || '');
  }

  // CID 4014, by its codes of today and of SNOMED's older edition.
  var VIEWS = { 399162004: 'CC', 'R-10242': 'CC', 399368009: 'MLO', 'R-10226': 'MLO' };

  // RCC, LCC, RMLO, LMLO; empty for magnified, spot and other views. For mammograms and tomosynthesis (PS3.3 §C.8.11.7, §C.8.21).
  function breastView(displaySet) {
    var image = firstOf(displaySet);
    var shared = (image.SharedFunctionalGroupsSequence || [])[0] || {};
    var anatomy = (shared.FrameAnatomySequence || [])[0] || {};
    var side = image.ImageLaterality || image.Laterality || anatomy.FrameLaterality || '';
    var code = (image.ViewCodeSequence || [])[0] || {};
    var modified = code.ViewModifierCodeSequence && code.ViewModifierCodeSequence.length;
    var words = /\b([RL])\W?(CC|MLO)\b/i.exec(displaySet.SeriesDescription || '') || [];
    var view = VIEWS[code.CodeValue] || image.ViewPosition || words[2] || '';
    return modified ? '' : ((side || words[1] || '') + view).toUpperCase();
  }

  var ATTRIBUTES = { cloudfilmScout: ['Localizer', isScout], cloudfilmBreastView: ['Side and view of a breast', breastView] };

  // ---- the protocols -----------------------------------------------------------------------------------------------------------------------
  var SAME_FRAME_OF_REFERENCE = { type: 'hydrateseg', id: 'sameFORId', source: true, target: true };
  var NO_DOCUMENT = { attribute: 'Modality', constraint: { doesNotEqual: { value: 'DOC' } }, required: true };
  // Images before documents and scouts; OHIF's greaterThan means "at least".
  var FIRST_SERIES = [
    { weight: 10, attribute: 'numImageFrames', constraint: { greaterThan: { value: 0 } } },
    { weight: 5, attribute: 'numImageFrames', constraint: { greaterThan: { value: 2 } } },
    { weight: 15, attribute: 'cloudfilmScout', constraint: { equals: { value: false } } },
    { weight: 20, attribute: 'isDisplaySetFromUrl', constraint: { equals: true } },
    NO_DOCUMENT,
  ];

  // `opens`: OHIF's preset of the image that is seen first.
  function viewportOf(selector, place, number, opens) {
    return {
      viewportOptions: {
        viewportType: 'stack',
        viewportId: number === undefined ? 'default' : 'pane-' + number,
        toolGroupId: 'default',
        allowUnmatchedView: true,
        initialImageOptions: { preset: opens || 'middle' },
        syncGroups: [SAME_FRAME_OF_REFERENCE],
      },
      displaySets: [place ? { id: selector, matchedDisplaySetsIndex: place } : { id: selector }],
    };
  }

  function grid(name, rows, columns, viewports) {
    return {
      name: name,
      stageActivation: { enabled: { minViewportsMatched: viewports.length } },
      viewportStructure: { layoutType: 'grid', properties: { rows: rows, columns: columns } },
      viewports: viewports,
    };
  }

  // The largest of 2x2, 1x2 and 1x1 that the exam's series fill, up to `most`.
  function stages(most, opens) {
    return [
      [2, 2],
      [1, 2],
      [1, 1],
    ]
      .filter(function (size) {
        return size[0] * size[1] <= most;
      })
      .map(function (size) {
        var viewports = [];
        for (var place = 0; place < size[0] * size[1]; place += 1) viewports.push(viewportOf('first', place, place || undefined, opens));
        return grid(size[0] + 'x' + size[1], size[0], size[1], viewports);
      });
  }

  function protocol(id, name, rules, selectors, itsStages, priors) {
    return {
      id: id,
      locked: true,
      name: name,
      protocolMatchingRules: rules,
      toolGroupIds: ['default'],
      numberOfPriorsReferenced: priors || 0,
      defaultViewport: {
        viewportOptions: { viewportType: 'stack', toolGroupId: 'default', allowUnmatchedView: true, syncGroups: [SAME_FRAME_OF_REFERENCE] },
        displaySets: [{ id: Object.keys(selectors)[0], matchedDisplaySetsIndex: -1 }],
      },
      displaySetSelectors: selectors,
      stages: itsStages,
    };
  }

  function ofModality(modality, most, opens) {
    return protocol(
      'cloudfilm-' + modality.toLowerCase(),
      'CloudFilm ' + modality,
      [{ weight: 10, attribute: 'ModalitiesInStudy', constraint: { contains: modality }, required: true }],
      { first: { seriesMatchingRules: FIRST_SERIES } },
      stages(most, opens),
    );
  }

  function seriesOfStudy(place) {
    var rule = { attribute: 'studyInstanceUIDsIndex', from: 'options', required: true, constraint: { equals: { value: place } } };
    return { studyMatchingRules: [rule], seriesMatchingRules: FIRST_SERIES };
  }

  // The exam that was opened on the left, the earlier one on the right.
  var COMPARISON = protocol(
    'cloudfilm-compare',
    'CloudFilm compare',
    [{ weight: 1000, attribute: 'StudyInstanceUID', from: 'prior', required: true, constraint: { notNull: true } }],
    { current: seriesOfStudy(0), earlier: seriesOfStudy(1) },
    [grid('1x2', 1, 2, [viewportOf('current', 0), viewportOf('earlier', 0, 1)])],
    1,
  );

  var ANY = protocol(
    'cloudfilm',
    'CloudFilm',
    [{ weight: 1, attribute: 'StudyInstanceUID', constraint: { notNull: true } }],
    { first: { seriesMatchingRules: FIRST_SERIES } },
    stages(1),
  );

  // Back to back: the chest walls meet in the middle, so that both sides can be compared like a mirror's.
  var CHEST_WALL = { R: [1, 0.5], L: [0, 0.5] };
  var BREASTS = ['RCC', 'LCC', 'RMLO', 'LMLO'];

  function breastSelectors() {
    return BREASTS.reduce(function (all, view) {
      all[view] = { seriesMatchingRules: [{ weight: 10, attribute: 'cloudfilmBreastView', constraint: { equals: { value: view } }, required: true }, NO_DOCUMENT] };
      return all;
    }, { first: { seriesMatchingRules: FIRST_SERIES } });
  }

  function breastPane(view, number) {
    var pane = viewportOf(view, 0, number || undefined);
    var wall = CHEST_WALL[view[0]];
    pane.viewportOptions.displayArea = { storeAsInitialCamera: true, imageArea: [1, 1], imageCanvasPoint: { imagePoint: wall, canvasPoint: wall } };
    return pane;
  }

  function breastStage(rows, columns, views) {
    return grid(rows + 'x' + columns, rows, columns, views.map(breastPane));
  }

  // All four views, or both sides of one; one breast by itself and further views as the pictures of any other exam.
  var MAMMOGRAPHY = protocol(
    'cloudfilm-mg',
    'CloudFilm MG',
    [{ weight: 20, attribute: 'ModalitiesInStudy', constraint: { contains: 'MG' }, required: true }],
    breastSelectors(),
    [breastStage(2, 2, BREASTS), breastStage(1, 2, ['RCC', 'LCC']), breastStage(1, 2, ['RMLO', 'LMLO'])].concat(stages(4)),
  );

  var PROTOCOLS = [COMPARISON, MAMMOGRAPHY, ofModality('CT', 2), ofModality('MR', 4), ofModality('DX', 2), ofModality('CR', 2),
    ofModality('US', 4, 'first'), ANY]; // prettier-ignore

  window.cloudfilmHanging = { protocols: PROTOCOLS, attributes: ATTRIBUTES };
})();
