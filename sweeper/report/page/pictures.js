// Draws each picture when it comes into view, in the colours of the page's theme.
(function () {
  "use strict";
  const { figures, templates } = JSON.parse(document.getElementById("figure-data").textContent);
  const root = document.documentElement;
  const places = [...document.querySelectorAll(".figure")];
  const drawn = new Set();
  const settings = { responsive: true, displaylogo: false, displayModeBar: "hover" };

  function draw(place) {
    const { data, layout } = figures[Number(place.dataset.figure)];
    place.style.minHeight = `${layout.height || 420}px`;
    const themed = { height: 420, ...layout, template: templates[root.dataset.theme], autosize: true };
    Plotly.react(place, data, themed, settings);
    drawn.add(place);
  }

  function setTheme(name) {
    root.dataset.theme = name;
    drawn.forEach(draw);
  }

  const system = matchMedia("(prefers-color-scheme: dark)");
  setTheme(system.matches ? "dark" : "light");
  system.addEventListener("change", () => setTheme(system.matches ? "dark" : "light"));
  document.getElementById("theme").addEventListener("click", () => {
    setTheme(root.dataset.theme === "dark" ? "light" : "dark");
  });

  for (const choice of document.querySelectorAll(".picture select")) {
    choice.addEventListener("change", () => {
      const place = choice.closest(".picture").querySelector(".figure");
      place.dataset.figure = choice.value;
      // Another kind of layout must not inherit zoom and axes of the one before.
      Plotly.purge(place);
      draw(place);
    });
  }

  const watcher = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((e) => e.isIntersecting)) {
      watcher.unobserve(entry.target);
      draw(entry.target);
    }
  }, { rootMargin: "300px" });
  places.forEach((place) => watcher.observe(place));
  addEventListener("beforeprint", () => places.forEach(draw));
})();
