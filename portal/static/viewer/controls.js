// SPDX-License-Identifier: AGPL-3.0-or-later
// Buttons, slider and words around the pictures.
(function (CloudFilm) {
  'use strict';

  function id(name) { return document.getElementById(name); }

  function attach(viewer, words) {
    var slider = id('slider'), strip = id('strip'), modes = document.querySelectorAll('[data-mode]'), queued = false;

    function press(button, is) { button.setAttribute('aria-pressed', String(is)); }

    function fillPresets() {
      var list = id('presets'), pane = viewer.active, picture = pane.picture();
      list.textContent = '';
      CloudFilm.greyWindow.presets(pane.series, picture).forEach(function (preset, i) {
        var button = document.createElement('button'), name = document.createElement('strong'), numbers = document.createElement('small');
        button.type = 'button';
        button.className = 'preset';
        button.setAttribute('data-preset', preset.name);
        name.textContent = presetName(preset);
        numbers.textContent = preset.window ? windowText(preset.window) : '';
        button.appendChild(name);
        button.appendChild(numbers);
        press(button, pane.windowName === preset.name && (preset.automatic || CloudFilm.greyWindow.same(pane.windowOf(picture), preset.window)));
        button.addEventListener('click', function () { usePreset(i); CloudFilm.sheets.close(); });
        list.appendChild(button);
      });
    }

    function presetName(preset) {
      return (words.presets[preset.name] || preset.name) + (preset.name === 'stated' ? ' ' + preset.number : '');
    }

    function usePreset(place) {
      var pane = viewer.active, preset = CloudFilm.greyWindow.presets(pane.series, pane.picture())[place];
      if (!preset) { return; }
      if (preset.automatic) { viewer.setAutomatic(pane); return; }
      // The default is each picture's own.
      pane.setWindow(preset.name === 'default' ? null : preset.window, preset.name);
    }

    function windowText(window) { return words.window.replace('{width}', rounded(window.width)).replace('{centre}', rounded(window.centre)); }
    function rounded(value) { return String(Math.abs(value) < 10 ? Math.round(value * 100) / 100 : Math.round(value)); }

    function renew() {
      queued = false;
      var pane = viewer.active, series = pane.series, picture = pane.picture(), chosen = pane.windowOf(picture);
      var loaded = viewer.loaded[series.uid], said = words.position.replace('{n}', pane.index + 1).replace('{count}', series.count);
      id('caption').textContent = series.description || series.modality;
      id('position').textContent = (pane.index + 1) + ' / ' + series.count;
      id('window').textContent = chosen ? windowText(chosen) : '';
      slider.max = series.count;
      slider.value = pane.index + 1;
      slider.disabled = series.count < 2;
      slider.setAttribute('aria-valuetext', said);
      id('loaded').style.transform = 'scaleX(' + (loaded ? Math.min(1, loaded.count / series.count) : 0) + ')';
      pane.canvas.setAttribute('aria-label', (series.description || series.modality) + ', ' + said);
      press(id('invert'), pane.inverted);
      press(id('mirror'), pane.place.mirrored);
      press(id('split'), viewer.isSplit());
      press(id('link'), viewer.linked);
      id('link').hidden = !viewer.isSplit();
      press(id('play'), viewer.cine.isPlaying());
      id('play').hidden = series.count < 2;
      id('play').classList.toggle('calls', series.isClip());
      id('play-label').textContent = viewer.cine.isPlaying() ? words.pause : words.play;
      id('remove-lengths').hidden = !(pane.lines[picture.id] || []).length;
      id('presets-open').disabled = picture.isColour;
      document.querySelector('[data-mode="window"]').disabled = picture.isColour;
      Array.prototype.forEach.call(modes, function (button) { press(button, button.getAttribute('data-mode') === viewer.mode); });
      CloudFilm.strip.mark(strip, series);
    }

    function toggleMirror() {
      var place = viewer.active.place;
      viewer.active.move({ zoom: place.zoom, x: -place.x, y: place.y, mirrored: !place.mirrored });
    }

    var actions = {
      invert: function () { viewer.active.inverted = !viewer.active.inverted; viewer.active.changed(); },
      mirror: toggleMirror,
      fit: function () { viewer.active.move(CloudFilm.placing.fitted(viewer.active.place.mirrored)); },
      split: function () { viewer.split(!viewer.isSplit()); },
      link: function () { viewer.linked = !viewer.linked; renew(); },
      play: function () { viewer.play(!viewer.cine.isPlaying()); },
      'remove-lengths': function () { delete viewer.active.lines[viewer.active.picture().id]; viewer.active.changed(); },
      reset: function () { viewer.active.reset(); viewer.active.changed(); },
      previous: function () { viewer.scroll(viewer.active, viewer.active.index - 1); },
      next: function () { viewer.scroll(viewer.active, viewer.active.index + 1); }
    };

    Object.keys(actions).forEach(function (name) {
      id(name).addEventListener('click', function () {
        if (viewer.active) { actions[name](); }
        if (id(name).hasAttribute('data-then-closes')) { CloudFilm.sheets.close(); }
      });
    });
    Array.prototype.forEach.call(modes, function (button) {
      button.addEventListener('click', function () { viewer.setMode(button.getAttribute('data-mode')); });
    });
    slider.addEventListener('input', function () { viewer.scroll(viewer.active, Number(slider.value) - 1); });
    id('presets-open').addEventListener('click', fillPresets);

    viewer.listen(function (what) {
      if (what === 'series' && strip.getAttribute('data-state') !== viewer.arrival.state) {
        strip.setAttribute('data-state', viewer.arrival.state);
        strip.hidden = viewer.series.length < 2;
        CloudFilm.strip.fill(strip, viewer.series, words, function (series) { viewer.open(series); });
      }
      if (!queued && viewer.active && viewer.active.series) { queued = true; window.requestAnimationFrame(renew); }
    });

    return { actions: actions, usePreset: usePreset };
  }

  CloudFilm.attachControls = attach;
})(window.CloudFilm = window.CloudFilm || {});
