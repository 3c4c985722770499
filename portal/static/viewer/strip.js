// SPDX-License-Identifier: AGPL-3.0-or-later
// The strip of series, each with a picture of it.
(function (CloudFilm) {
  'use strict';
  var SIDE = 160;

  // Fill `element` with a button for each series; `chosen(series)` is called with the one that was tapped.
  function fill(element, list, words, chosen) {
    element.textContent = '';
    list.forEach(function (series) {
      var button = document.createElement('button'), image = document.createElement('img'), name = document.createElement('span');
      var middle = series.picture(series.opening), colour = middle.isColour;
      button.type = 'button';
      button.className = 'series';
      button.setAttribute('data-series', series.uid);
      name.textContent = series.description || series.modality || words.series + ' ' + series.number;
      button.setAttribute('aria-label', words.seriesLabel.replace('{name}', name.textContent).replace('{count}', series.count));
      image.alt = '';
      image.width = image.height = 64;
      image.onerror = function () { button.classList.add('broken'); };
      image.src = CloudFilm.renderedAddress(middle, colour ? null : CloudFilm.greyWindow.first(middle, series.modality), SIDE);
      var count = document.createElement('small');
      count.textContent = String(series.count);
      button.appendChild(image);
      button.appendChild(count);
      button.appendChild(name);
      button.addEventListener('click', function () { chosen(series); });
      element.appendChild(button);
    });
  }

  function mark(element, series) {
    Array.prototype.forEach.call(element.children, function (button) {
      var is = button.getAttribute('data-series') === series.uid;
      button.setAttribute('aria-pressed', String(is));
      if (is && button.scrollIntoView) {
        var box = button.getBoundingClientRect(), around = element.getBoundingClientRect();
        if (box.left < around.left || box.right > around.right || box.top < around.top || box.bottom > around.bottom) { button.scrollIntoView(); }
      }
    });
  }

  CloudFilm.strip = { fill: fill, mark: mark };
})(window.CloudFilm = window.CloudFilm || {});
