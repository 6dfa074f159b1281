// The links to the page's sections: the one that is being read is marked.

export function watchTabs(nav) {
  const links = [...nav.querySelectorAll("a")];
  const sections = links.map((link) => document.querySelector(link.hash));
  const mark = () => {
    const line = nav.getBoundingClientRect().bottom + 24;
    const atEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 4 && scrollY > 0;
    const passed = sections.filter((section) => section.getBoundingClientRect().top <= line).length;
    const current = atEnd ? links.length - 1 : Math.max(0, passed - 1);
    links.forEach((link, place) => {
      if (place === current) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  };
  addEventListener("scroll", mark, { passive: true });
  mark();
}
