"""Benchmark files: which layout a file has, and its items; see :func:`wordkin.evaluation.read_dataset`.

A file goes through these steps, one module each: ``lines`` decodes it, ``gold`` adds the scores of a second file,
``table`` splits lines into cells, ``recognise`` tells the kind, ``headers`` takes a header apart, and ``pairs``,
``questions``, ``relations`` or ``groups`` make the items. ``report`` says what was understood.
"""
