using System.Text.Json;
using System.Text.Json.Serialization;
using CubeFunctions.Core.Settings;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace CubeFunctions;

/// <summary>
/// With sign-in, requests that act need an app role, besides the function's key. Whoever signs in may read. Webhooks do not sign in:
/// their senders prove themselves.
/// </summary>
/// <remarks>
/// The principal is a header that App Service authentication writes, over whatever a caller sent. Where that is off anybody can send
/// one: it then counts for nothing.
/// </remarks>
internal sealed partial class ActingRole(OperationsSettings settings, IConfiguration configuration, ILogger<ActingRole> logger)
    : IFunctionsWorkerMiddleware
{
    /// <summary>Says that App Service authentication is on.</summary>
    internal const string SignInSetting = "WEBSITE_AUTH_ENABLED";
    internal const string PrincipalHeader = "X-MS-CLIENT-PRINCIPAL";

    /// <summary>Types of the claim, as tokens and as App Service name it.</summary>
    private static readonly string[] RoleClaims = ["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"];

    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        if (context.GetHttpContext()?.Request is { } request && !MayPass(context.FunctionDefinition.Name, request))
        {
            LogRefused(logger, context.FunctionDefinition.Name);
            context.GetInvocationResult().Value = Results.Problem(
                "Acting needs an app role that this caller does not have.",
                statusCode: StatusCodes.Status403Forbidden,
                title: "Not allowed"
            );
            return;
        }

        await next(context);
    }

    /// <summary>Whether a request may reach its function.</summary>
    internal bool MayPass(string function, HttpRequest request) =>
        settings.ActingRole is not { } role
        || HttpMethods.IsGet(request.Method)
        || function == nameof(UpsertFunctions.ReceiveWebhook)
        || (
            bool.TryParse(configuration[SignInSetting], out var signsIn)
            && signsIn
            && HasRole(request.Headers[PrincipalHeader].ToString(), role)
        );

    private static bool HasRole(string header, string role)
    {
        try
        {
            return JsonSerializer.Deserialize(Convert.FromBase64String(header), PrincipalJson.Default.Principal)
                    is { Provider: "aad", Claims: { } claims }
                && claims.Exists(claim => RoleClaims.Contains(claim.Type) && claim.Value == role);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            return false;
        }
    }

    [LoggerMessage(520, LogLevel.Warning, "{Function} was refused: the caller lacks the app role for acting")]
    private static partial void LogRefused(ILogger logger, string function);

    /// <summary>A caller, as App Service describes one.</summary>
    internal sealed record Principal(
        [property: JsonPropertyName("auth_typ")] string? Provider,
        [property: JsonPropertyName("claims")] List<Claim>? Claims
    );

    /// <summary>One thing that the token says.</summary>
    internal sealed record Claim([property: JsonPropertyName("typ")] string? Type, [property: JsonPropertyName("val")] string? Value);
}

[JsonSerializable(typeof(ActingRole.Principal))]
internal sealed partial class PrincipalJson : JsonSerializerContext;
