// SPDX-License-Identifier: AGPL-3.0-or-later
// Windows by name, in the toolbar: departments' own for CT, the device's and one that fits the image for everything. Read before reading.js;
// nginx serves this file as it is.
(function () {
  'use strict';

  // Width and level in Hounsfield units, the usual ones of Chinese departments.
  var CT = [
    ['ct-brain', '脑窗', 'Brain', 80, 40],
    ['ct-lung', '肺窗', 'Lung', 1500, -600],
    ['ct-mediastinum', '纵隔窗', 'Mediastinum', 400, 40],
    ['ct-abdomen', '腹部', 'Abdomen', 350, 50],
    ['ct-liver', '肝窗', 'Liver', 150, 90],
    ['ct-bone', '骨窗', 'Bone', 2500, 480],
    ['ct-vessels', '血管（增强）', 'Vessels (contrast)', 600, 170],
  ];
  // Standardized uptake values, from zero.
  var PT = [5, 7, 10, 15].map(function (most) {
    return ['pt-suv-' + most, 'SUV 0–' + most, 'SUV 0–' + most, most, most / 2];
  });

  // For OHIF's own menu at the image.
  function presets(say) {
    function all(rows) {
      return rows.map(function (row) {
        return { id: row[0], description: say(row[1], row[2]), window: String(row[3]), level: String(row[4]) };
      });
    }
    return { CT: { $set: all(CT) }, PT: { $set: all(PT) } };
  }

  var LEAST_SHARE = 0.01; // of the pixels, darker and brighter than an automatic window
  var BINS = 4096;

  // { width, level } that all but the darkest and brightest hundredth fit, or null for an image of one value.
  function fitting(values) {
    var least = Infinity, most = -Infinity, place;
    for (place = 0; place < values.length; place += 1) {
      if (values[place] < least) least = values[place];
      if (values[place] > most) most = values[place];
    }
    if (!(most > least)) return null;
    var bins = new Array(BINS).fill(0), scale = (BINS - 1) / (most - least);
    for (place = 0; place < values.length; place += 1) bins[Math.round((values[place] - least) * scale)] += 1;
    var limit = values.length * LEAST_SHARE, dark = 0, bright = BINS - 1, seen = 0;
    while (dark < bright && (seen += bins[dark]) <= limit) dark += 1;
    seen = 0;
    while (bright > dark && (seen += bins[bright]) <= limit) bright -= 1;
    var low = least + dark / scale, high = least + bright / scale;
    return { width: Math.max(1, high - low), level: (low + high) / 2 };
  }

  // What the device wrote into the image (PS3.3 §C.11.2.1.2).
  function stated(viewport) {
    var lut = window.cornerstone.metaData.get('voiLutModule', viewport.getCurrentImageId()) || {};
    var width = [].concat(lut.windowWidth)[0], level = [].concat(lut.windowCenter)[0];
    return width > 0 ? { width: Number(width), level: Number(level) } : null;
  }

  function automatic(viewport) {
    var image = window.cornerstone.cache.getImage(viewport.getCurrentImageId());
    if (!image || image.color) return null;
    var scaled = image.preScale && image.preScale.scaled;
    var slope = scaled ? 1 : image.slope || 1, intercept = scaled ? 0 : image.intercept || 0;
    var found = fitting(image.voxelManager.getScalarData());
    return found && { width: found.width * slope, level: found.level * slope + intercept };
  }

  // Identifier, Chinese, English, the window or how it is found, the modality that it is for.
  var ROWS = [
    ['window-auto', '自动窗', 'Automatic', automatic],
    ['window-stated', '设备默认窗', 'As the device set it', stated],
  ].concat(
    CT.map(function (row) {
      return ['window-' + row[0], row[1] + '  ' + row[3] + ' / ' + row[4], row[2] + '  ' + row[3] + ' / ' + row[4], { width: row[3], level: row[4] }, 'CT'];
    }),
    PT.map(function (row) {
      return ['window-' + row[0], row[1], row[2], { width: row[3], level: row[4] }, 'PT'];
    }),
  );
  var IDS = ROWS.map(function (row) {
    return row[0];
  });

  function rowOf(id) {
    return ROWS[IDS.indexOf(id)];
  }

  function buttons(say) {
    return ROWS.map(function (row) {
      var label = say(row[1], row[2]);
      return {
        id: row[0],
        uiType: 'ohif.toolButton',
        props: {
          icon: 'WindowLevelAdvanced', label: label, tooltip: label, evaluate: { name: 'evaluate.cloudfilm.window', hideWhenDisabled: true },
          commands: { commandName: 'cloudfilmWindow', commandOptions: { windowId: row[0] } },
        },
      };
    });
  }

  // What the buttons do, once OHIF's managers are there.
  function WindowMenu(parts) {
    var services = parts.servicesManager.services;

    function viewportOf(viewportId) {
      return services.cornerstoneViewportService.getCornerstoneViewport(viewportId || services.viewportGridService.getActiveViewportId());
    }
    function modalityOf(viewportId) {
      var shown = services.viewportGridService.getDisplaySetsUIDsForViewport(viewportId) || [];
      var first = shown.length && services.displaySetService.getDisplaySetByUID(shown[0]);
      return first ? first.Modality : '';
    }

    this.set = function (asked) {
      var row = rowOf(asked.windowId);
      var viewport = viewportOf();
      var window_ = typeof row[3] === 'function' ? row[3](viewport) || automatic(viewport) : row[3];
      if (!window_) return;
      parts.commandsManager.run('setViewportWindowLevel', {
        viewportId: viewport.id, windowWidth: window_.width, windowCenter: window_.level,
      });
    };

    // A window of another modality has no place in the list.
    this.evaluate = function (asked) {
      var row = rowOf(asked.button.id);
      return { disabled: !!row[4] && row[4] !== modalityOf(asked.viewportId) };
    };
  }

  window.cloudfilmWindows = { presets: presets, ids: IDS, buttons: buttons, fitting: fitting, WindowMenu: WindowMenu };
})();
