using System.Net.Sockets;
using Azure;
using Azure.Identity;
using CubeFunctions.Core.Model;
using CubeFunctions.Core.Storage;
using Xunit;

namespace CubeFunctions.Tests.Storage;

public sealed class StorageErrorsTests
{
    private const string Personal = "Kari Nordmann";

    [Theory]
    [InlineData(0, null, "Trouble")]
    [InlineData(400, "PropertyValueTooLarge", "Refused")]
    [InlineData(401, "InvalidAuthenticationInfo", "Trouble")]
    [InlineData(403, "AuthorizationPermissionMismatch", "Trouble")]
    [InlineData(404, "ResourceNotFound", "Conflict")]
    [InlineData(404, "BlobNotFound", "Conflict")]
    [InlineData(404, "TableNotFound", "Trouble")]
    [InlineData(404, "ContainerNotFound", "Trouble")]
    [InlineData(404, "QueueNotFound", "Trouble")]
    [InlineData(408, null, "Trouble")]
    [InlineData(409, "EntityAlreadyExists", "Conflict")]
    [InlineData(409, "BlobAlreadyExists", "Conflict")]
    [InlineData(409, "TableBeingDeleted", "Trouble")]
    [InlineData(409, "ContainerBeingDeleted", "Trouble")]
    [InlineData(412, "UpdateConditionNotSatisfied", "Conflict")]
    [InlineData(412, "ConditionNotMet", "Conflict")]
    [InlineData(413, "RequestBodyTooLarge", "Refused")]
    [InlineData(429, null, "Trouble")]
    [InlineData(500, "InternalError", "Trouble")]
    [InlineData(503, "ServerBusy", "Trouble")]
    public void Each_answer_of_storage_is_about_the_row_or_trouble_or_a_refusal(int status, string? code, string kind) =>
        Assert.Equal(
            kind,
            StorageErrors.KindOf(new RequestFailedException(status, Personal, code, null), TestContext.Current.CancellationToken).ToString()
        );

    public static TheoryData<string, string> Exceptions() =>
        new()
        {
            { nameof(AuthenticationFailedException), "Trouble" },
            { nameof(CredentialUnavailableException), "Trouble" },
            { nameof(TimeoutException), "Trouble" },
            { nameof(TaskCanceledException), "Trouble" },
            { nameof(SocketException), "Trouble" },
            { nameof(IOException), "Trouble" },
            { nameof(HttpRequestException), "Trouble" },
            { nameof(AggregateException), "Trouble" },
            { "mixed", "None" },
            { nameof(FileNotFoundException), "None" },
            { nameof(EndOfStreamException), "None" },
            { nameof(InvalidOperationException), "None" },
        };

    [Theory]
    [MemberData(nameof(Exceptions))]
    public void What_is_thrown_without_an_answer_is_trouble_or_not_from_storage(string name, string kind)
    {
        Exception exception = name switch
        {
            nameof(AuthenticationFailedException) => new AuthenticationFailedException(Personal),
            nameof(CredentialUnavailableException) => new CredentialUnavailableException(Personal),
            nameof(TimeoutException) => new TimeoutException(),
            nameof(TaskCanceledException) => new TaskCanceledException(),
            nameof(SocketException) => new SocketException((int)SocketError.ConnectionRefused),
            nameof(IOException) => new IOException(Personal),
            nameof(HttpRequestException) => new HttpRequestException(Personal),
            nameof(AggregateException) => new AggregateException(new RequestFailedException(0, Personal), new TaskCanceledException()),
            "mixed" => new AggregateException(new RequestFailedException(0, Personal), new InvalidOperationException()),
            nameof(FileNotFoundException) => new FileNotFoundException(),
            nameof(EndOfStreamException) => new EndOfStreamException(Personal),
            _ => new InvalidOperationException(Personal),
        };
        Assert.Equal(kind, StorageErrors.KindOf(exception, TestContext.Current.CancellationToken).ToString());
        Assert.Equal(
            kind == "Trouble" ? FailureKind.Trouble : FailureKind.Unexpected,
            StorageErrors.ToFailure(exception, TestContext.Current.CancellationToken).Kind
        );
        Assert.DoesNotContain(
            Personal,
            StorageErrors.ToFailure(exception, TestContext.Current.CancellationToken).Reason,
            StringComparison.Ordinal
        );
        Assert.DoesNotContain(Personal, ErrorInfo.From(exception).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_caller_who_gives_up_is_no_trouble() =>
        Assert.Equal(StorageErrorKind.None, StorageErrors.KindOf(new TaskCanceledException(), new CancellationToken(canceled: true)));

    [Fact]
    public void An_error_is_named_by_type_status_and_code()
    {
        Assert.Equal(
            "RequestFailedException 503 ServerBusy",
            ErrorInfo.From(new RequestFailedException(503, Personal, "ServerBusy", null)).ToString()
        );
        Assert.Equal(
            "SocketException ConnectionRefused",
            ErrorInfo.From(new SocketException((int)SocketError.ConnectionRefused)).ToString()
        );
        Assert.Equal(
            "RequestFailedException 503 ServerBusy",
            ErrorInfo
                .From(new AggregateException(new IOException(), new RequestFailedException(503, Personal, "ServerBusy", null)))
                .ToString()
        );
        Assert.Equal("KeyNotFoundException", ErrorInfo.From(new KeyNotFoundException(Personal)).ToString());
    }
}
