// The look of the HTML page: one readable column, figures as wide as it, tables with figures that line up.
// SPDX-License-Identifier: MIT
#pragma once

namespace qlab::views {

/// Free of '<', '&' and '>': it stands inside an element as it is.
inline constexpr const char* html_style = R"(
:root { color-scheme: light dark; --paper: #ffffff; --ink: #1c2128; --muted: #57606a; --rule: #d8dee4; --wash: #f4f6f8;
  --good: #1a7f37; --bad: #b42318; --claim: #8a5a00; --link: #0b5cad; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); -webkit-text-size-adjust: 100%;
  font: 1.0625rem/1.65 "Noto Sans", "Noto Sans CJK SC", "Noto Sans SC", "Segoe UI", "PingFang SC", "Microsoft YaHei", system-ui, sans-serif; }
main { max-width: 50rem; margin: 0 auto; padding: 3.5rem 1.5rem 5rem; }
h1 { font-size: 2.1rem; line-height: 1.2; margin: 0 0 0.6rem; letter-spacing: -0.01em; }
h2 { font-size: 1.35rem; line-height: 1.3; margin: 2.8rem 0 0.8rem; }
h3 { font-size: 1.1rem; margin: 2rem 0 0.5rem; }
h4, h5, h6 { font-size: 1rem; margin: 1.5rem 0 0.4rem; }
p { margin: 0 0 1rem; }
a { color: var(--link); text-underline-offset: 0.15em; }
.lead { font-size: 1.2rem; line-height: 1.5; color: var(--muted); margin-bottom: 1.2rem; }
.facts, .unit, .name, .source, footer { color: var(--muted); font-size: 0.875rem; }
.name, code, pre { font-family: "Noto Sans Mono", "Cascadia Mono", Menlo, Consolas, monospace; font-variant-ligatures: none; }
.name { font-size: 0.8rem; }
code { font-size: 0.9em; background: var(--wash); border-radius: 3px; padding: 0.1em 0.3em; }
pre { font-size: 0.85rem; line-height: 1.5; background: var(--wash); border-radius: 6px; padding: 0.9rem 1.1rem; overflow-x: auto; }
pre code { background: none; padding: 0; font-size: inherit; }
blockquote { margin: 1rem 0; padding-left: 1.1rem; border-left: 3px solid var(--rule); color: var(--muted); }
hr { border: 0; border-top: 1px solid var(--rule); margin: 2.5rem 0; }
.wide { overflow-x: auto; margin: 0 0 1.5rem; }
table { border-collapse: collapse; font-size: 0.925rem; line-height: 1.4; font-variant-numeric: tabular-nums lining-nums; }
caption { text-align: left; font-weight: 600; padding: 0 0 0.5rem; }
th { text-align: left; vertical-align: bottom; font-weight: 600; border-bottom: 2px solid var(--rule); }
td { vertical-align: top; border-bottom: 1px solid var(--rule); }
th, td { padding: 0.35rem 1.4rem 0.35rem 0; }
th:last-child, td:last-child { padding-right: 0.2rem; }
.number { text-align: right; white-space: nowrap; }
.middle { text-align: center; }
.unit { font-weight: 400; }
figure { margin: 2rem -0.85rem 2.4rem; }
figure svg { display: block; width: 100%; height: auto; }
figure .dark { display: none; }
.checks { list-style: none; margin: 0; padding: 0; }
.checks li { position: relative; padding: 0 0 0.9rem 1.9rem; line-height: 1.45; }
.checks .verdict { position: absolute; left: 0; font-weight: 700; }
.ok .verdict { color: var(--good); }
.failed .verdict, .failed .outcome { color: var(--bad); font-weight: 700; }
.claim { color: var(--claim); }
.checks div { font-size: 0.925rem; }
.warning { border-left: 4px solid var(--bad); padding: 0.2rem 0 0.2rem 1rem; font-weight: 600; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--rule); }
@media screen and (prefers-color-scheme: dark) {
  :root { --paper: #15181d; --ink: #f0f2f5; --muted: #a9b1bb; --rule: #353b44; --wash: #1f242b;
    --good: #4ac26b; --bad: #ff8079; --claim: #e3b341; --link: #6cb6ff; }
  figure .light { display: none; }
  figure .dark { display: block; }
}
@media print {
  :root { color-scheme: light; }
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  figure, tr, .checks li { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  pre { white-space: pre-wrap; }
}
)";

}  // namespace qlab::views
