namespace CubeFunctions.Core.Changes;

/// <summary>The records of a window.</summary>
/// <param name="Read">Those that are to be compared, sorted.</param>
/// <param name="Same">
/// By the index of a known record: the page on which the window has it as it is known, so that there is nothing to compare, else 0. Null
/// where all are to be compared.
/// </param>
internal readonly record struct WindowRecords(StateEntry[] Read, int[]? Same);
