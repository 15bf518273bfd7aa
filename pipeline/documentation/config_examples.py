"""An example for each section of docs/config.md, as a config would have it; a test loads every one."""

from __future__ import annotations

EXAMPLES = {
    "run": """\
run: mine
sources:
  web: {reader: {kind: commoncrawl}, inputs: data/crawl}
filter:
  - {kind: normalise}
  - {kind: statistics}
  - {kind: rules, name: mine, rules: [{drop: "mine:short", when: "word_count < 50"}]}
""",
    "sources": """\
sources:
  web:
    reader: {kind: commoncrawl}
    inputs: s3://bucket/crawl/*.warc.gz
    domain: web
  handbook:
    reader: {kind: text, label_column: section}
    inputs: data/handbook
    licence: CC-BY-4.0
    licence_basis: page 2 of the handbook
    domain_by_label: {recipes: cooking}
""",
    "commoncrawl": """\
sources:
  web: {reader: {kind: commoncrawl, comments: true}, inputs: data/crawl}
""",
    "text": """\
sources:
  books: {reader: {kind: text, text_column: content, id_column: isbn}, inputs: data/books/*.parquet}
""",
    "code": """\
sources:
  code: {reader: {kind: code, repository_folders: 2}, inputs: data/repositories}     # data/repositories/OWNER/NAME/...
""",
    "pdf": """\
sources:
  papers: {reader: {kind: pdf, ocr: auto, max_ocr_pages: 50}, inputs: data/papers}
""",
    "reddit": """\
sources:
  reddit: {reader: {kind: reddit, left_out: [AutoModerator, RemindMeBot]}, inputs: data/pushshift}
""",
    "stackexchange": """\
sources:
  coffee: {reader: {kind: stackexchange, site: coffee.stackexchange.com}, inputs: data/coffee/Posts.xml}
""",
    "wikipedia": """\
sources:
  wikipedia: {reader: {kind: wikipedia}, inputs: data/dumps/enwiki-*-pages-articles*.xml*.bz2}
""",
    "arxiv": """\
sources:
  arxiv: {reader: {kind: arxiv, keep_bibliography: true}, inputs: data/arxiv}
""",
    "rapidocr": """\
sources:
  scans: {reader: {kind: pdf, ocr: auto, engine: {kind: rapidocr, dpi: 300}}, inputs: data/scans}
""",
    "tesseract": """\
sources:
  scans: {reader: {kind: pdf, ocr: auto, engine: {kind: tesseract, languages: eng+deu}}, inputs: data/scans}
""",
    "server": """\
sources:
  scans:
    reader:
      kind: pdf
      ocr: always
      engine: {kind: server, url: "http://gpu-1:8000/v1", model: allenai/olmOCR-2-7B-1025-FP8, key_variable: OCR_KEY}
    inputs: data/scans
""",
    "url": """\
filter:
  - {kind: url, block_lists: data/ut1.tar.gz, categories: [adult, phishing], spam_tlds: [zip]}
  - {kind: rules, name: lists, rules: [{drop: "lists:blocked", when: "url_blocked is not null"}]}
""",
    "robots": """\
filter:
  - {kind: robots, records: data/robots.parquet, agents: [ccbot, gptbot]}
  - kind: rules
    name: robots
    rules: [{drop: "robots:closed", when: opt_out_robots, when_null: keep}]
""",
    "attributes": """\
filter:
  - {kind: attributes, table: data/edu.attributes}
  - {kind: rules, name: edu, rules: [{drop: "edu:low", when: "edu_score < 25000", when_null: keep}]}
""",
    "own": """\
filter:
  - {kind: own, file: stages/exclamations.py, settings: {mark: "?"}, sources: [web]}
  - {kind: rules, name: loud, sources: [web], rules: [{drop: "loud:asks", when: "mark_count > 20"}]}
""",
    "licence": """\
filter:
  - kind: licence
    allow: [public-domain, permissive]
    allow_of: {wikipedia: [public-domain, permissive, share-alike]}
    categories: {LicenseRef-contract-2026: permissive}
  - {kind: rules, name: licence, rules: [{drop: "licence:closed", when: "not licence_allowed"}]}
""",
    "normalise": """\
filter:
  - {kind: normalise}
""",
    "language": """\
filter:
  - {kind: language}
  - kind: rules
    name: language
    rules:
      - {drop: "language:not_english", when: "language <> 'en'"}
      - {drop: "language:unsure", when: "language_score < 6500"}
""",
    "statistics": """\
filter:
  - {kind: statistics}
  - {kind: rules, name: mine, rules: [{drop: "mine:numbers", when: "alphabetic_word_count < 0.5 * word_count"}]}
""",
    "c4_lines": """\
filter:
  - {kind: c4_lines, terminal_punctuation: false, min_words: 3, sources: [web]}
""",
    "refinedweb_lines": """\
filter:
  - {kind: refinedweb_lines, sources: [web]}
  - kind: rules
    name: lines
    rules: [{drop: "lines:flagged", when: "refinedweb_flagged_word_count > 0.05 * refinedweb_word_count"}]
    sources: [web]
""",
    "quality": """\
filter:
  - kind: quality
    model: data/classifiers/quality/model.bin
    sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  - {kind: rules, name: quality, rules: [{drop: "quality:low", when: "quality_score < 2000"}]}
dedup: {quality_column: quality_score}
""",
    "topic": """\
filter:
  - kind: topic
    model: data/classifiers/topic/model.bin
    sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
""",
    "machine_written": """\
filter:
  - kind: machine_written
    model: data/classifiers/machine_written/model.bin
    sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
  - {kind: rules, name: machine, rules: [{drop: "machine:written", when: "machine_written_score > 9900"}]}
""",
    "privacy": """\
filter:
  - {kind: privacy, kinds: [secret, email, phone], regions: [US, GB]}
""",
    "privacy_mark": """\
filter:
  - {kind: privacy_mark, kinds: [secret]}
  - {kind: rules, name: privacy, rules: [{drop: "privacy:secret", when: "privacy_left_secret_count > 0"}]}
""",
    "contamination_cut": """\
filter:
  - {kind: contamination_cut, benchmarks: data/benchmarks, kinds: [verbatim, reformatted]}
""",
    "contamination": """\
filter:
  - {kind: contamination, benchmarks: data/benchmarks, fields: configs/fields.yaml}
  - {kind: rules, name: benchmarks, rules: [{drop: "benchmarks:item", when: "contamination_item_count > 0"}]}
""",
    "rules": """\
filter:
  - {kind: statistics}
  - {kind: rules, file: rules/gopher.yaml, sources: [web]}
  - kind: rules
    name: mine
    rules:
      - drop: mine:old
        when: date < '2000'
        when_null: keep
""",
    "fields": """\
files:
  trivia/: {question: [q], answer: [a.text], id: [qid]}
""",
    "audit": """\
audit: {one_in: 10000, floor: 20}
""",
    "dedup": """\
dedup:
  min_jaccard: 0.85
  source_priority: [arxiv, papers]
  url_sources: [web]
""",
    "lines": """\
dedup:
  lines: {sources: [web], min_pages: 20, min_share: 0.05}
""",
    "passages": """\
dedup:
  passages: {sources: [web, books], min_words: 50, policy: mark}
""",
    "wipe_out": """\
wipe_out: {max_share_of: {web: 1.0}}
""",
    "publish": """\
publish: {shard_bytes: 500000000}
""",
}
