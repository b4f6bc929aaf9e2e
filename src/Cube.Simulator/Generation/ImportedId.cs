using System.Globalization;

namespace Cube.Simulator.Generation;

/// <summary>
/// The ids that customers were imported with, made to hurt who takes them for numbers or for internal ids. Each is a function of
/// the customer's index that can be turned round, so that a million customers need no lookup table.
/// </summary>
internal static class ImportedId
{
    private const long Plain = 355_116;
    private const long Long = 5_029_249_275;

    public static string Of(Assignment assignment, int index) =>
        (index % 40) switch
        {
            // Somebody else's internal id.
            7 => Text(assignment.InternalId(index - 1)),
            // Somebody else's imported id but for a leading zero.
            11 => "0" + Text(Plain + index - 1),
            // Eleven digits, the first a zero.
            3 or 19 => "0" + Text(Long + index),
            _ => Text(Plain + index),
        };

    /// <summary>Plain ids are numbers in some records and text in others, not the same ones in each feed.</summary>
    public static bool IsNumber(int index, int feed) => index % 40 is not (7 or 11 or 3 or 19) && (index + feed) % 3 == 0;

    public static int IndexOf(Assignment assignment, string importedId)
    {
        if (!long.TryParse(importedId, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return -1;
        long[] candidates = [number - Plain, number - Plain + 1, number - Long, number - assignment.InternalIdBase + 1];
        foreach (var candidate in candidates)
        {
            if (candidate >= 0 && candidate < assignment.CustomerCount && Of(assignment, (int)candidate) == importedId)
                return (int)candidate;
        }

        return -1;
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
