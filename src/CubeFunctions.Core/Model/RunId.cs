using System.Globalization;
using System.Security.Cryptography;

namespace CubeFunctions.Core.Model;

/// <summary>Ids of runs. They sort by time, and no two processes make the same.</summary>
public static class RunId
{
    /// <summary>A new id for a run that starts at <paramref name="now"/>.</summary>
    public static string New(DateTimeOffset now) =>
        $"{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture)}-{RandomNumberGenerator.GetHexString(6, lowercase: true)}";

    /// <summary>The smallest id of a run that started at or after <paramref name="instant"/>.</summary>
    public static string Floor(DateTimeOffset instant) =>
        instant.UtcDateTime.ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
}
