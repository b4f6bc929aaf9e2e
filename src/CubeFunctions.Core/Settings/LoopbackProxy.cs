namespace CubeFunctions.Core.Settings;

/// <summary>Keeps addresses of this machine away from a proxy: HTTP_PROXY and its siblings name one for the network.</summary>
public static class LoopbackProxy
{
    private static readonly string[] Hosts = ["localhost", "127.0.0.1", "::1"];

    /// <summary>Adds the loopback hosts to <c>NO_PROXY</c>, which every HTTP client of the process reads when it is made.</summary>
    public static void Bypass()
    {
        // Some clients read the lower-case name first, and take an empty one for an answer.
        var value =
            (
                Environment.GetEnvironmentVariable("no_proxy") is { Length: > 0 } lower
                    ? lower
                    : Environment.GetEnvironmentVariable("NO_PROXY")
            ) ?? "";
        var hosts = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (!hosts.Contains("*"))
        {
            value = string.Join(',', hosts.Union(Hosts, StringComparer.OrdinalIgnoreCase));
            Environment.SetEnvironmentVariable("no_proxy", value);
            Environment.SetEnvironmentVariable("NO_PROXY", value);
        }
    }
}
