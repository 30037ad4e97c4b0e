"""Read benchmark files of many layouts; see :func:`wordkin.evaluation.read_dataset`.

Each step has a module: ``lines`` decodes a file, ``table`` splits its lines into cells, ``gold`` adds the scores of a
second file, ``headers`` detects a header line, and ``recognise`` detects the kind of benchmark. Then ``pairs``,
``questions``, ``relations`` or ``groups`` turns the rows into items. ``report`` describes how the file was interpreted.
"""
