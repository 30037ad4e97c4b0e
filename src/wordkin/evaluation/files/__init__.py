"""Read benchmark files of any layout; see :func:`wordkin.evaluation.read_dataset`.

Each step has a module: ``lines`` decodes a file, ``table`` splits its lines into cells, ``gold`` adds the scores of a
second file, ``headers`` detects a header line, ``recognise`` detects the kind of benchmark, and ``pairs``,
``questions``, ``relations`` or ``groups`` make the items. ``report`` describes how the file was interpreted.
"""
