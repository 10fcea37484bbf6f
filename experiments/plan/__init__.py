"""Plans: how much fits under service-level objectives, by a search over replicated runs.

`schema` and `file` say what is asked, `search` finds it with whoever measures, `conduct` measures with runs, `result`
is what a plan comes to; tables, words and charts are made of it alone.
"""
